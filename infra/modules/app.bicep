metadata description = 'The function app on its Flex Consumption plan, and every app setting that it gets.'

@description('Name of the app, unique in Azure; it becomes its host name.')
param name string

@description('Name of the plan. A Flex Consumption plan holds one app.')
param planName string

@description('Azure region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource ID of the app\'s identity.')
param identityId string

@description('Client ID of the app\'s identity, a GUID.')
param identityClientId string

@description('Memory of one instance in megabytes.')
param instanceMemoryMB int

@description('Most instances of each scale group: all blob events together, each timer for itself, all HTTP together.')
param maximumInstanceCount int

@description('True to spread the instances over zones.')
param zoneRedundant bool

@description('Addresses of the host storage account; the ledger is there as well.')
param hostStorage {
  blob: string
  queue: string
  table: string
}

@description('Name of the container of the deployed package.')
param packageContainer string

@description('Addresses of the files account.')
param filesStorage {
  blob: string
  queue: string
}

@description('Address of the blobs of the data lake.')
param lakeBlobEndpoint string

@description('Names of the containers and of the table, as the engine reads them.')
param places {
  landing: string
  archive: string
  rejected: string
  outcomes: string
  exports: string
  ledger: string
}

@description('Days for which the ledger keeps the rows of a file after its end: as long as any container keeps the file.')
param ledgerDays int

@description('The F&O environment: its name in feeds.yaml, its address, and how to sign in; secretUri names a secret in a Key Vault, or is empty.')
param erp {
  environment: string
  baseUrl: string
  auth: string
  tenantId: string
  clientId: string
  secretUri: string
}

@description('Settings of the engine that differ from infra/engine.settings.json, and those that feeds.yaml names; units in docs/settings.md.')
param settings object

@description('Where telemetry is sent.')
param telemetryConnectionString string

@description('Resource ID of the subnet that the app sends from; empty without a network of its own.')
param subnetId string

@description('True to let in nobody but Event Grid and the addresses below.')
param closed bool

@description('Addresses or CIDR ranges of the internet that reach the closed app.')
param allowedAddresses string[]

var erpIdentity = erp.auth == 'managed_identity'
  ? {
      D365_CLIENT_ID: identityClientId
    }
  : erp.auth == 'certificate'
      ? {
          D365_CLIENT_ID: erp.clientId
          D365_TENANT_ID: erp.tenantId
          D365_CERTIFICATE: '@Microsoft.KeyVault(SecretUri=${erp.secretUri})'
        }
      : {
          D365_CLIENT_ID: erp.clientId
          D365_TENANT_ID: erp.tenantId
          D365_CLIENT_SECRET: '@Microsoft.KeyVault(SecretUri=${erp.secretUri})'
        }

// What the template knows stands last, so that no setting given from outside can point the app at another place.
var appSettings = union(loadJsonContent('../engine.settings.json'), settings, erpIdentity, {
  AzureWebJobsStorage__blobServiceUri: hostStorage.blob
  AzureWebJobsStorage__queueServiceUri: hostStorage.queue
  AzureWebJobsStorage__tableServiceUri: hostStorage.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: telemetryConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  PYTHON_ENABLE_OPENTELEMETRY: 'true'
  FILES__blobServiceUri: filesStorage.blob
  FILES__queueServiceUri: filesStorage.queue
  FILES__credential: 'managedidentity'
  FILES__clientId: identityClientId
  LEDGER__tableServiceUri: hostStorage.table
  LEDGER__clientId: identityClientId
  LAKE__blobServiceUri: lakeBlobEndpoint
  LAKE__clientId: identityClientId
  LANDING_CONTAINER: places.landing
  ARCHIVE_CONTAINER: places.archive
  REJECTED_CONTAINER: places.rejected
  OUTCOMES_CONTAINER: places.outcomes
  LAKE_CONTAINER: places.exports
  LEDGER_TABLE: places.ledger
  LEDGER_KEEP_DAYS: string(ledgerDays)
  D365_ENVIRONMENT: erp.environment
  D365_BASE_URL: erp.baseUrl
  D365_AUTH: erp.auth
  D365_AUTHORITY: environment().authentication.loginEndpoint
})

var eventGrid = [
  {
    name: 'event-grid'
    priority: 100
    action: 'Allow'
    tag: 'ServiceTag'
    ipAddress: 'AzureEventGrid'
  }
]

var people = [for (address, place) in allowedAddresses: {
  name: 'allowed-${place}'
  priority: 200 + place
  action: 'Allow'
  ipAddress: contains(address, '/') ? address : '${address}/32'
}]

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'courier', 'courier-erp': erp.baseUrl })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      ipSecurityRestrictionsDefaultAction: closed ? 'Deny' : 'Allow'
      ipSecurityRestrictions: closed ? concat(eventGrid, people) : []
    }
    functionAppConfig: {
      runtime: {
        name: 'python'
        version: '3.13'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
    }
  }

  resource configuration 'config' = {
    name: 'appsettings'
    properties: appSettings
  }
}

@description('Host name of the app.')
output hostName string = app.properties.defaultHostName

@description('Name of the app, once it is there.')
output name string = app.name
