metadata description = 'The Event Grid topic of the files account. Azure allows one such topic an account; its subscription follows the code (events.bicep).'

@description('Name of the topic.')
param name string

@description('Azure region; must be that of the account.')
param location string

@description('Tags of the resource.')
param tags object

@description('Resource ID of the files account.')
param filesId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    source: filesId
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

@description('Resource ID of the topic, for alert rules.')
output id string = topic.id
