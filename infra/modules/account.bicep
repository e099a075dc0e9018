metadata description = 'One storage account as every account here must be: no keys, no anonymous reading, TLS 1.2, soft delete.'

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in Azure.')
param name string

@description('Azure region.')
param location string

@description('Tags of the resource.')
param tags object

@description('True for a data lake. Cannot be changed later; such an account has no versions.')
param hierarchical bool = false

@description('True if an overwritten or deleted blob stays as an earlier version.')
param versioned bool = false

@description('True to keep three copies in three zones. Cannot be changed later in every region.')
param zoneRedundant bool

@description('Days for which a deleted blob or container can be brought back, 1 to 365.')
@minValue(1)
@maxValue(365)
param softDeleteDays int

@description('Names of the containers.')
param containers string[]

@description('Names of the tables.')
param tables string[] = []

@description('Lifecycle rules, in the form of the storage API.')
param lifecycleRules object[] = []

@description('True to close the account to the internet; private endpoints lead to it then.')
param closed bool

@description('Addresses or CIDR ranges of the internet that reach a closed account all the same.')
param allowedAddresses string[] = []

var openToAddresses = [for address in allowedAddresses: {
  value: address
  action: 'Allow'
}]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isHnsEnabled: hierarchical
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: closed && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
      ipRules: closed ? openToAddresses : []
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    isVersioningEnabled: versioned ? true : null
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [for containerName in containers: {
  parent: blobs
  name: containerName
  properties: {
    publicAccess: 'None'
  }
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = if (!empty(tables)) {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [for tableName in tables: {
  parent: tableService
  name: tableName
}]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = if (!empty(lifecycleRules)) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: lifecycleRules
    }
  }
  dependsOn: [
    blobs
  ]
}

@description('Address of the blobs, with a slash at its end.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Address of the queues, with a slash at its end.')
output queueEndpoint string = account.properties.primaryEndpoints.queue

@description('Address of the tables, with a slash at its end.')
output tableEndpoint string = account.properties.primaryEndpoints.table

@description('Resource ID of the account.')
output id string = account.id
