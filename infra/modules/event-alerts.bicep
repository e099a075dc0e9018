metadata description = 'Alert rules on what Event Grid measures of itself: infra/monitor/metric-alerts.json. A rule clears itself.'

@description('What the names of the rules end in.')
param suffix string

@description('Tags of the resources.')
param tags object

@description('Resource ID of the Event Grid topic.')
param topicId string

@description('Resource ID of the group of people who are told.')
param actionGroupId string

@description('Address under which the runbook pages of docs/runbooks can be read, without a slash at its end.')
param runbooksUrl string

var rules = loadJsonContent('../monitor/metric-alerts.json')

resource alerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [for rule in rules: {
  name: 'alert-${rule.name}-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    description: '${rule.title}. ${rule.meaning} First step: ${rule.first_step} Runbook: ${runbooksUrl}/${rule.name}.md'
    severity: rule.severity
    enabled: true
    scopes: [
      topicId
    ]
    evaluationFrequency: 'PT${rule.every_minutes}M'
    windowSize: 'PT${rule.window_minutes}M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: rule.metric
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          metricName: rule.metric
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: rule.more_than
        }
      ]
    }
    actions: [
      {
        actionGroupId: actionGroupId
      }
    ]
  }
}]
