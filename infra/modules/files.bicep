metadata description = 'Where files land, rest and are told of: landing, archive, rejected, outcomes, and events that found no way.'

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in Azure.')
param name string

@description('Azure region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Names of the containers by what they hold.')
param containers {
  landing: string
  archive: string
  rejected: string
  outcomes: string
  deadLetters: string
}

@description('How long what rests is kept, in days since it was last written; cold is a cheaper tier, read at once all the same.')
param keep {
  archiveHotDays: int
  archiveDays: int
  rejectedDays: int
  outcomesDays: int
  deadLettersDays: int
  versionsDays: int
}

@description('Days for which a deleted blob or container can be brought back, 1 to 365.')
param softDeleteDays int

@description('True to keep three copies in three zones.')
param zoneRedundant bool

@description('True to close the account to the internet.')
param closed bool

@description('Addresses or CIDR ranges of the internet that reach the closed account all the same: senders, people.')
param allowedAddresses string[]

// Landing has no rule: a file leaves it when its job says so, never by age.
var keptFor = {
  '${containers.rejected}': keep.rejectedDays
  '${containers.outcomes}': keep.outcomesDays
  '${containers.deadLetters}': keep.deadLettersDays
}

var deletions = [for rest in items(keptFor): {
  name: 'delete-${rest.key}'
  type: 'Lifecycle'
  enabled: true
  definition: {
    filters: {
      blobTypes: ['blockBlob']
      prefixMatch: ['${rest.key}/']
    }
    actions: {
      baseBlob: {
        delete: {
          daysAfterModificationGreaterThan: rest.value
        }
      }
    }
  }
}]

var archiving = {
  name: 'cool-and-delete-${containers.archive}'
  type: 'Lifecycle'
  enabled: true
  definition: {
    filters: {
      blobTypes: ['blockBlob']
      prefixMatch: ['${containers.archive}/']
    }
    actions: {
      baseBlob: {
        tierToCold: {
          daysAfterModificationGreaterThan: keep.archiveHotDays
        }
        delete: {
          daysAfterModificationGreaterThan: keep.archiveDays
        }
      }
    }
  }
}

var versions = {
  name: 'delete-versions'
  type: 'Lifecycle'
  enabled: true
  definition: {
    filters: {
      blobTypes: ['blockBlob']
    }
    actions: {
      version: {
        delete: {
          daysAfterCreationGreaterThan: keep.versionsDays
        }
      }
    }
  }
}

module account 'account.bicep' = {
  name: 'files-account'
  params: {
    name: name
    location: location
    tags: tags
    containers: [
      containers.landing
      containers.archive
      containers.rejected
      containers.outcomes
      containers.deadLetters
    ]
    versioned: true
    lifecycleRules: concat(deletions, [archiving, versions])
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

@description('Address of the queues, with a slash at its end.')
output queueEndpoint string = account.outputs.queueEndpoint
