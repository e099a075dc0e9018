metadata description = 'The data lake that exports go to: an account with a hierarchical namespace. What lies in it is its readers\' to delete.'

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in Azure.')
param name string

@description('Azure region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Name of the container of the exports.')
param container string

@description('Days for which a deleted blob or container can be brought back, 1 to 365.')
param softDeleteDays int

@description('True to keep three copies in three zones.')
param zoneRedundant bool

@description('True to close the account to the internet.')
param closed bool

@description('Addresses or CIDR ranges of the internet that reach the closed account all the same: readers.')
param allowedAddresses string[]

module account 'account.bicep' = {
  name: 'lake-account'
  params: {
    name: name
    location: location
    tags: tags
    hierarchical: true
    containers: [container]
    softDeleteDays: softDeleteDays
    zoneRedundant: zoneRedundant
    closed: closed
    allowedAddresses: allowedAddresses
  }
}

@description('Resource ID of the account.')
output id string = account.outputs.id

@description('Address of the blobs, with a slash at its end.')
output blobEndpoint string = account.outputs.blobEndpoint
