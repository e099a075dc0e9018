metadata description = 'One deployment of F&O Courier: one F&O environment, one resource group. It only wires; docs/deploy.md tells how to run it.'

targetScope = 'resourceGroup'

import { principal } from 'modules/roles.bicep'

@description('Name of the F&O environment class, as in feeds.yaml: sandbox, production. The engine refuses to start on another one.')
@minLength(2)
@maxLength(16)
param environmentName string

@description('Address of the F&O environment, https, without a path.')
param erpUrl string

@description('How the app signs in to F&O. certificate and client_secret add a Key Vault.')
@allowed(['managed_identity', 'certificate', 'client_secret'])
param erpAuth string = 'managed_identity'

@description('Entra tenant of F&O, a GUID. Needed for certificate and client_secret only.')
param erpTenantId string = ''

@description('Client ID of the app registration for F&O, a GUID. Needed for certificate and client_secret only; else it is the identity\'s.')
param erpClientId string = ''

@description('Client ID of the app registration that people sign in to for the status page and the API, a GUID. Empty: nobody is let in.')
param pageClientId string = ''

@description('Settings of the engine that differ from infra/engine.settings.json, and the activity IDs that feeds.yaml names. Text values; units in docs/settings.md.')
param settings object = {}

@description('Azure region; one with Flex Consumption.')
param location string = resourceGroup().location

@description('Short name that the names of all resources hold: a lower-case letter, then lower-case letters and digits.')
@minLength(2)
@maxLength(7)
param name string = 'courier'

@description('Memory of one instance in megabytes.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 512

@description('Most instances of each scale group: all blob events together, each timer for itself.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('True to run and to store in three zones. Decide before the first deployment.')
param zoneRedundant bool = false

@description('Days after which an archived file moves to the cold tier; it is read at once there all the same.')
@minValue(1)
param archiveHotDays int = 60

@description('Days after which an archived file and its evidence are deleted. 2557 are seven years.')
@minValue(90)
param archiveDays int = 2557

@description('Days after which a rejected file is deleted.')
@minValue(7)
param rejectedDays int = 365

@description('Days after which the note to the sender about a file\'s outcome is deleted.')
@minValue(7)
param outcomesDays int = 90

@description('Days for which a deleted or overwritten blob can be brought back.')
@minValue(7)
@maxValue(90)
param softDeleteDays int = 14

@description('Days for which telemetry can be queried, 30 to 730.')
param logDays int = 90

@description('Gigabytes of telemetry a day after which no more is taken in until the next day.')
param logCapGbPerDay int = 1

@description('Mail addresses of the people who are told when something is wrong.')
param alertEmails string[] = []

@description('Address under which docs/runbooks can be read, such as that of your copy of the repository; alerts link to it.')
param runbooksUrl string = 'docs/runbooks'

@description('Who writes files: writes to landing, reads outcomes.')
param senders principal[] = []

@description('Who reads exports in the lake.')
param lakeReaders principal[] = []

@description('Who looks after the courier: reads files, ledger and telemetry, changes nothing.')
param operators principal[] = []

@description('True to close storage and app to the internet and to lead the app to storage through a network of its own.')
param privateNetwork bool = false

@description('Address range of that network in CIDR form, /24 or larger.')
param networkRange string = '10.64.0.0/24'

@description('Addresses or CIDR ranges (/30 or larger; single ones without a suffix) of the internet that reach files, lake and app of a private network all the same.')
param allowedAddresses string[] = []

var unique = uniqueString(resourceGroup().id)
var suffix = '${name}-${environmentName}'
var tags = {
  'courier-environment': environmentName
}
// A Key Vault gives a certificate with its private key out as a secret, too.
var withVault = erpAuth != 'managed_identity'
var vaultSecret = erpAuth == 'certificate' ? 'd365-certificate' : 'd365-client-secret'

var identityName = 'id-${suffix}'
var hostName = '${name}host${unique}'
var filesName = '${name}file${unique}'
var lakeName = '${name}lake${unique}'
var vaultName = '${name}-kv-${unique}'
var topicName = 'evgt-${suffix}'
var componentName = 'appi-${suffix}'

var containers = {
  landing: 'landing'
  archive: 'archive'
  rejected: 'rejected'
  outcomes: 'outcomes'
  deadLetters: 'deadletters'
}
var packageContainer = 'app-package'
var exportsContainer = 'exports'
var ledgerTable = 'ledger'

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: identityName
    location: location
    tags: tags
  }
}

module monitor 'modules/monitor.bicep' = {
  name: 'monitor'
  params: {
    suffix: suffix
    componentName: componentName
    location: location
    tags: tags
    retentionDays: logDays
    dailyCapGb: logCapGbPerDay
    alertEmails: alertEmails
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    suffix: suffix
    location: location
    tags: tags
    workspaceId: monitor.outputs.workspaceId
    actionGroupId: monitor.outputs.actionGroupId
    runbooksUrl: runbooksUrl
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: {
    location: location
    tags: tags
    workspaceId: monitor.outputs.workspaceId
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  name: 'host-storage'
  params: {
    name: hostName
    location: location
    tags: tags
    packageContainer: packageContainer
    ledgerTable: ledgerTable
    softDeleteDays: softDeleteDays
    zoneRedundant: zoneRedundant
    closed: privateNetwork
  }
}

module files 'modules/files.bicep' = {
  name: 'files'
  params: {
    name: filesName
    location: location
    tags: tags
    containers: containers
    keep: {
      archiveHotDays: archiveHotDays
      archiveDays: archiveDays
      rejectedDays: rejectedDays
      outcomesDays: outcomesDays
      deadLettersDays: outcomesDays
      versionsDays: softDeleteDays
    }
    softDeleteDays: softDeleteDays
    zoneRedundant: zoneRedundant
    closed: privateNetwork
    allowedAddresses: allowedAddresses
  }
}

module lake 'modules/lake.bicep' = {
  name: 'lake'
  params: {
    name: lakeName
    location: location
    tags: tags
    container: exportsContainer
    softDeleteDays: softDeleteDays
    zoneRedundant: zoneRedundant
    closed: privateNetwork
    allowedAddresses: allowedAddresses
  }
}

module topic 'modules/topic.bicep' = {
  name: 'topic'
  params: {
    name: topicName
    location: location
    tags: tags
    filesId: files.outputs.id
  }
}

module eventAlerts 'modules/event-alerts.bicep' = {
  name: 'event-alerts'
  params: {
    suffix: suffix
    tags: tags
    topicId: topic.outputs.id
    actionGroupId: monitor.outputs.actionGroupId
    runbooksUrl: runbooksUrl
  }
}

module vault 'modules/vault.bicep' = if (withVault) {
  name: 'vault'
  params: {
    name: vaultName
    location: location
    tags: tags
    softDeleteDays: softDeleteDays
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  params: {
    suffix: suffix
    location: location
    tags: tags
    addressRange: networkRange
    services: ['blob', 'dfs', 'queue', 'table']
  }
}

module hostEndpoints 'modules/endpoints.bicep' = if (privateNetwork) {
  name: 'host-endpoints'
  params: {
    accountName: hostName
    accountId: hostStorage.outputs.id
    services: ['blob', 'queue', 'table']
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
  }
}

module filesEndpoints 'modules/endpoints.bicep' = if (privateNetwork) {
  name: 'files-endpoints'
  params: {
    accountName: filesName
    accountId: files.outputs.id
    services: ['blob', 'queue']
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
  }
}

module lakeEndpoints 'modules/endpoints.bicep' = if (privateNetwork) {
  name: 'lake-endpoints'
  params: {
    accountName: lakeName
    accountId: lake.outputs.id
    services: ['blob', 'dfs']
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
  }
}

// Names, not outputs, go in: so the preview (what-if) can tell every assignment before anything exists.
module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    identityName: identityName
    hostName: hostName
    ledgerTable: ledgerTable
    filesName: filesName
    landingContainer: containers.landing
    outcomesContainer: containers.outcomes
    deadLetterContainer: containers.deadLetters
    lakeName: lakeName
    lakeContainer: exportsContainer
    componentName: componentName
    vaultName: withVault ? vaultName : ''
    topicName: topicName
    senders: senders
    lakeReaders: lakeReaders
    operators: operators
  }
  dependsOn: [
    identity
    monitor
    hostStorage
    files
    lake
    topic
    vault
  ]
}

module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    name: 'func-${suffix}-${unique}'
    planName: 'plan-${suffix}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    zoneRedundant: zoneRedundant
    hostStorage: {
      blob: hostStorage.outputs.blobEndpoint
      queue: hostStorage.outputs.queueEndpoint
      table: hostStorage.outputs.tableEndpoint
    }
    packageContainer: packageContainer
    filesStorage: {
      blob: files.outputs.blobEndpoint
      queue: files.outputs.queueEndpoint
    }
    lakeBlobEndpoint: lake.outputs.blobEndpoint
    places: {
      landing: containers.landing
      archive: containers.archive
      rejected: containers.rejected
      outcomes: containers.outcomes
      exports: exportsContainer
      ledger: ledgerTable
    }
    ledgerDays: max(archiveDays, rejectedDays)
    erp: {
      environment: environmentName
      baseUrl: erpUrl
      auth: erpAuth
      tenantId: erpTenantId
      clientId: erpClientId
      secretUri: withVault ? '${vault!.outputs.uri}secrets/${vaultSecret}' : ''
    }
    settings: settings
    telemetryConnectionString: monitor.outputs.connectionString
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    closed: privateNetwork
    allowedAddresses: allowedAddresses
  }
  dependsOn: [
    roles
    hostEndpoints
    filesEndpoints
    lakeEndpoints
  ]
}

module signIn 'modules/sign-in.bicep' = {
  name: 'sign-in'
  params: {
    appName: app.outputs.name
    clientId: pageClientId
    tenantId: tenant().tenantId
  }
}

@description('Name of the function app.')
output APP_NAME string = 'func-${suffix}-${unique}'

@description('Host name of the function app.')
output APP_HOST string = app.outputs.hostName

@description('Client ID of the app registration of the status page and the API; empty when there is none.')
output PAGE_CLIENT_ID string = pageClientId

@description('Client ID that both lists in F&O must hold, a GUID.')
output ERP_CLIENT_ID string = withVault ? erpClientId : identity.outputs.clientId

@description('Name of the files account.')
output FILES_ACCOUNT string = filesName

@description('Name of the data-lake account.')
output LAKE_ACCOUNT string = lakeName

@description('Name of the Event Grid topic, for events.bicep.')
output TOPIC_NAME string = topicName

@description('Name of the container that files land in, for events.bicep.')
output LANDING_CONTAINER string = containers.landing

@description('Name of the container of undelivered events, for events.bicep.')
output DEAD_LETTER_CONTAINER string = containers.deadLetters
