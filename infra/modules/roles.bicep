metadata description = 'Who may do what: every role assignment of this deployment. docs/deploy.md says why each is there.'

@description('Name of the app\'s identity.')
param identityName string

@description('Name of the host storage account, which holds the ledger.')
param hostName string

@description('Name of the ledger table.')
param ledgerTable string

@description('Name of the files account.')
param filesName string

@description('Name of the container that senders write to.')
param landingContainer string

@description('Name of the container that senders read outcomes from.')
param outcomesContainer string

@description('Name of the container of events that could not be delivered.')
param deadLetterContainer string

@description('Name of the data-lake account.')
param lakeName string

@description('Name of the container of the exports.')
param lakeContainer string

@description('Name of the Application Insights component.')
param componentName string

@description('Name of the Key Vault; empty if there is none.')
param vaultName string

@description('Name of the Event Grid topic.')
param topicName string

@description('Who writes files: writes to landing, reads outcomes. Object IDs in Entra, and their kind.')
param senders principal[]

@description('Who reads exports in the lake. Object IDs in Entra, and their kind.')
param lakeReaders principal[]

@description('Who looks after the courier: reads files, ledger and telemetry, changes nothing. Object IDs in Entra, and their kind.')
param operators principal[]

@export()
@description('Somebody or something in Entra.')
type principal = {
  @description('Object ID, a GUID.')
  id: string
  @description('Its kind; told, because Entra may not know a new one yet.')
  type: 'Group' | 'ServicePrincipal' | 'User'
}

// Microsoft's built-in roles; their GUIDs are the same in every tenant.
var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var storageTableDataReader = '76199698-9eea-4c19-bc75-cec21354c6b6'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var monitoringReader = '43d0d8ad-25c7-4714-9337-8ba259a9fe05'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostName

  resource tables 'tableServices' existing = {
    name: 'default'

    resource ledger 'tables' existing = {
      name: ledgerTable
    }
  }
}

resource files 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: filesName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource landing 'containers' existing = {
      name: landingContainer
    }

    resource outcomes 'containers' existing = {
      name: outcomesContainer
    }

    resource deadLetters 'containers' existing = {
      name: deadLetterContainer
    }
  }
}

resource lake 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: lakeName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource exports 'containers' existing = {
      name: lakeContainer
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = if (!empty(vaultName)) {
  name: empty(vaultName) ? 'none' : vaultName
}

// The app: package, locks, keys and timers of the Functions host; the blob trigger's queue; the ledger.
resource appOnHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in [
  storageBlobDataOwner
  storageQueueDataContributor
  storageTableDataContributor
]: {
  name: guid(host.id, identity.id, role)
  scope: host
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

// The app: the blob trigger's connection, its poison queue; files from landing to where they rest.
resource appOnFiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in [
  storageBlobDataOwner
  storageQueueDataContributor
]: {
  name: guid(files.id, identity.id, role)
  scope: files
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

resource appOnExports 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(lake::blobs::exports.id, identity.id, storageBlobDataContributor)
  scope: lake::blobs::exports
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource appOnTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, identity.id, monitoringMetricsPublisher)
  scope: component
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

resource appOnVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(vaultName)) {
  name: guid(vault.id, identity.id, keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

resource topicOnDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(files::blobs::deadLetters.id, topic.id, storageBlobDataContributor)
  scope: files::blobs::deadLetters
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource senderOnLanding 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for sender in senders: {
  name: guid(files::blobs::landing.id, sender.id, storageBlobDataContributor)
  scope: files::blobs::landing
  properties: {
    principalId: sender.id
    principalType: sender.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}]

resource senderOnOutcomes 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for sender in senders: {
  name: guid(files::blobs::outcomes.id, sender.id, storageBlobDataReader)
  scope: files::blobs::outcomes
  properties: {
    principalId: sender.id
    principalType: sender.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
  }
}]

resource readerOnExports 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for reader in lakeReaders: {
  name: guid(lake::blobs::exports.id, reader.id, storageBlobDataReader)
  scope: lake::blobs::exports
  properties: {
    principalId: reader.id
    principalType: reader.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
  }
}]

resource operatorOnFiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for operator in operators: {
  name: guid(files.id, operator.id, storageBlobDataReader)
  scope: files
  properties: {
    principalId: operator.id
    principalType: operator.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
  }
}]

resource operatorOnLedger 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for operator in operators: {
  name: guid(host::tables::ledger.id, operator.id, storageTableDataReader)
  scope: host::tables::ledger
  properties: {
    principalId: operator.id
    principalType: operator.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataReader)
  }
}]

resource operatorOnTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for operator in operators: {
  name: guid(resourceGroup().id, operator.id, monitoringReader)
  properties: {
    principalId: operator.id
    principalType: operator.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringReader)
  }
}]
