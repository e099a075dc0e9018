metadata description = 'The identity that the app signs in with: to storage, to telemetry, and to F&O.'

@description('Name of the identity.')
param name string

@description('Azure region.')
param location string

@description('Tags of the resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource ID of the identity.')
output id string = identity.id

@description('Client (application) ID, a GUID: the one that both lists in F&O must hold.')
output clientId string = identity.properties.clientId
