metadata description = 'Where telemetry goes and who is told: workspace, Application Insights without keys, one group of people.'

@description('What the names of the workspace and of the group end in.')
param suffix string

@description('Name of the Application Insights component.')
param componentName string

@description('Azure region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Days for which telemetry can be queried, 30 to 730.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Gigabytes of telemetry a day after which no more is taken in until the next day.')
@minValue(1)
param dailyCapGb int

@description('Mail addresses of the people who are told when something is wrong.')
param alertEmails string[]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
    features: {
      disableLocalAuth: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'courier'
    enabled: true
    emailReceivers: [for address in alertEmails: {
      name: address
      emailAddress: address
      useCommonAlertSchema: true
    }]
  }
}

@description('Where telemetry is sent. No secret: with local authentication off it only names the component.')
output connectionString string = component.properties.ConnectionString

@description('Resource ID of the workspace, for alert rules and the workbook.')
output workspaceId string = workspace.id

@description('Resource ID of the group of people, for alert rules.')
output actionGroupId string = people.id
