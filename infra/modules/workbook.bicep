metadata description = 'The workbook: made from infra/monitor/workbook.json, which is put together from the tiles and their queries.'

@description('Azure region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource ID of the workspace that the tiles ask.')
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'courier-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'F&O Courier'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: replace(loadTextContent('../monitor/workbook.json'), '__WORKSPACE__', workspaceId)
  }
}
