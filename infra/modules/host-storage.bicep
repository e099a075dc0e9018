metadata description = 'What the app itself needs to run: its package, the Functions host\'s locks and queues, and the ledger.'

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in Azure.')
param name string

@description('Azure region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Name of the container of the deployed package.')
param packageContainer string

@description('Name of the ledger table.')
param ledgerTable string

@description('Days for which a deleted blob or container can be brought back, 1 to 365.')
param softDeleteDays int

@description('True to keep three copies in three zones.')
param zoneRedundant bool

@description('True to close the account to the internet.')
param closed bool

module account 'account.bicep' = {
  name: 'host-storage-account'
  params: {
    name: name
    location: location
    tags: tags
    containers: [packageContainer]
    tables: [ledgerTable]
    softDeleteDays: softDeleteDays
    zoneRedundant: zoneRedundant
    closed: closed
  }
}

@description('Resource ID of the account.')
output id string = account.outputs.id

@description('Address of the blobs, with a slash at its end.')
output blobEndpoint string = account.outputs.blobEndpoint

@description('Address of the queues, with a slash at its end.')
output queueEndpoint string = account.outputs.queueEndpoint

@description('Address of the tables, with a slash at its end.')
output tableEndpoint string = account.outputs.tableEndpoint
