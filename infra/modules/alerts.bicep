metadata description = 'Alert rules: what stands in infra/monitor/alerts.json, each with its query. A rule clears itself.'

@description('What the names of the rules end in.')
param suffix string

@description('Azure region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource ID of the workspace that is asked.')
param workspaceId string

@description('Resource ID of the group of people who are told.')
param actionGroupId string

@description('Address under which the runbook pages of docs/runbooks can be read, without a slash at its end.')
param runbooksUrl string

var rules = loadJsonContent('../monitor/alerts.json')

// loadTextContent takes literal paths only, so each query is named here; a test keeps the list complete.
var queries = {
  'import-failed': loadTextContent('../monitor/queries/import-failed.kql')
  'import-rejected': loadTextContent('../monitor/queries/import-rejected.kql')
  'in-doubt': loadTextContent('../monitor/queries/in-doubt.kql')
  'circuit-open': loadTextContent('../monitor/queries/circuit-open.kql')
  'overdue': loadTextContent('../monitor/queries/overdue.kql')
  'sent-unrecorded': loadTextContent('../monitor/queries/sent-unrecorded.kql')
  'evidence-at-risk': loadTextContent('../monitor/queries/evidence-at-risk.kql')
  'archive-held-up': loadTextContent('../monitor/queries/archive-held-up.kql')
  'events-lost': loadTextContent('../monitor/queries/events-lost.kql')
  'certificate-ends': loadTextContent('../monitor/queries/certificate-ends.kql')
  'sign-in-refused': loadTextContent('../monitor/queries/sign-in-refused.kql')
  'throttled': loadTextContent('../monitor/queries/throttled.kql')
  'status-unreadable': loadTextContent('../monitor/queries/status-unreadable.kql')
  'export-unacknowledged': loadTextContent('../monitor/queries/export-unacknowledged.kql')
  'export-not-unpacked': loadTextContent('../monitor/queries/export-not-unpacked.kql')
  'export-stopped': loadTextContent('../monitor/queries/export-stopped.kql')
  'promise-broken': loadTextContent('../monitor/queries/promise-broken.kql')
  'export-silent': loadTextContent('../monitor/queries/export-silent.kql')
  'sums-off': loadTextContent('../monitor/queries/sums-off.kql')
  'stuck-in-queue': loadTextContent('../monitor/queries/stuck-in-queue.kql')
  'waiting-long': loadTextContent('../monitor/queries/waiting-long.kql')
  'order-held': loadTextContent('../monitor/queries/order-held.kql')
  'queue-saturated': loadTextContent('../monitor/queries/queue-saturated.kql')
  'rows-odd': loadTextContent('../monitor/queries/rows-odd.kql')
  'timer-silent': loadTextContent('../monitor/queries/timer-silent.kql')
  'timer-behind': loadTextContent('../monitor/queries/timer-behind.kql')
  'step-failed': loadTextContent('../monitor/queries/step-failed.kql')
  'function-failed': loadTextContent('../monitor/queries/function-failed.kql')
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: 'alert-${rule.name}-${suffix}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'F&O Courier: ${rule.title}'
    description: '${rule.meaning} First step: ${rule.first_step} Runbook: ${runbooksUrl}/${rule.name}.md'
    severity: rule.severity
    enabled: true
    scopes: [
      workspaceId
    ]
    evaluationFrequency: 'PT${rule.every_minutes}M'
    windowSize: 'PT${rule.window_minutes}M'
    autoMitigate: true
    // A new workspace has no tables until the app has told something, and a query on none would be refused.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: queries[rule.name]
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: map(rule.split_by, column => {
            name: column
            operator: 'Include'
            values: [
              '*'
            ]
          })
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        actionGroupId
      ]
      customProperties: {
        rule: rule.name
        firstStep: rule.first_step
        runbook: '${runbooksUrl}/${rule.name}.md'
      }
    }
  }
}]
