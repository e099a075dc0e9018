metadata description = 'A Key Vault for the certificate or the client secret of F&O. Only where one is chosen; a person puts it in, no template ever sees it.'

@description('Name of the vault: 3 to 24 letters, digits and hyphens, unique in Azure.')
param name string

@description('Azure region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Days for which a deleted vault or secret can be brought back, 7 to 90.')
@minValue(7)
@maxValue(90)
param softDeleteDays int

// Open to the internet in a closed deployment, too: the platform resolves a reference from outside the app's network.
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: {
      family: 'A'
      name: 'standard'
    }
    tenantId: tenant().tenantId
    enableRbacAuthorization: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: softDeleteDays
  }
}

@description('Address of the vault, with a slash at its end.')
output uri string = vault.properties.vaultUri
