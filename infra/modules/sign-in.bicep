metadata description = 'Who may open the status page and the API: App Service authentication in front of the app. Roles are given in Entra.'

@description('Name of the app.')
param appName string

@description('Client ID of the app registration that people and scripts sign in to, a GUID. Empty: nobody is let in.')
param clientId string

@description('Entra tenant of that app registration, a GUID.')
param tenantId string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

// Event Grid's webhook and the host's own status, which `az` asks for after it has sent the code, are let through: each
// asks for a key of the host's. The page and the API never are.
resource signIn 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: empty(clientId) ? 'Return403' : 'RedirectToLoginPage'
      redirectToProvider: empty(clientId) ? null : 'azureactivedirectory'
      excludedPaths: [
        '/runtime/webhooks/blobs'
        '/admin/host/status'
      ]
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: !empty(clientId)
        registration: {
          clientId: clientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            clientId
            'api://${clientId}'
          ]
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}
