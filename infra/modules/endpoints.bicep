metadata description = 'Private endpoints of one storage account, entered in the private zones. Only in a closed deployment.'

@description('Name of the storage account.')
param accountName string

@description('Resource ID of the storage account.')
param accountId string

@description('Services of the account to lead to: blob, dfs, queue, table.')
param services string[]

@description('Azure region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource ID of the subnet that the endpoints stand in.')
param subnetId string

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = [for service in services: {
  name: 'pe-${accountName}-${service}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: service
        properties: {
          privateLinkServiceId: accountId
          groupIds: [service]
        }
      }
    ]
  }
}]

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = [for service in services: {
  name: 'privatelink.${service}.${environment().suffixes.storage}'
}]

resource entry 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [for (service, place) in services: {
  parent: endpoint[place]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: service
        properties: {
          privateDnsZoneId: zone[place].id
        }
      }
    ]
  }
}]
