metadata description = 'Tells the app of each file that lands. Deployed after the code: its key exists, and its handshake is answered, only then.'

targetScope = 'resourceGroup'

@description('Name of the function app.')
param appName string

@description('Name of the blob-triggered function.')
param functionName string = 'on_file_landed'

@description('Name of the Event Grid topic of the files account.')
param topicName string

@description('Name of the files account.')
param filesAccount string

@description('Name of the container that files land in.')
param landingContainer string

@description('Name of the container for events that could not be delivered.')
param deadLetterContainer string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource files 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: filesAccount
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

// The one key of this deployment, made by the host itself when it first starts with a blob trigger.
var webhookKey = listKeys('${app.id}/host/default', '2024-11-01').systemKeys.blobs_extension
var webhook = 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs'

// 30 tries within 1440 minutes are the most that Event Grid offers; the app's own sweep finds what is lost after them.
resource landed 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'file-landed'
  properties: {
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: '${webhook}?functionName=Host.Functions.${functionName}&code=${webhookKey}'
        maxEventsPerBatch: 1
        minimumTlsVersionAllowed: '1.2'
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/${landingContainer}/'
      advancedFilters: [
        {
          key: 'data.api'
          operatorType: 'StringIn'
          values: ['PutBlob', 'PutBlockList', 'CopyBlob']
        }
      ]
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: files.id
          blobContainerName: deadLetterContainer
        }
      }
    }
  }
}
