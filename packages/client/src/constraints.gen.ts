// Generated from docs/reference/openapi.json by `npm run generate`. Do not edit.

export const CreateKey = {
  "name": {
    "required": true,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "owner": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 200
  },
  "description": {
    "required": false,
    "pattern": "^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$",
    "maxLength": 1000
  },
  "permissions": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[a-z0-9._-]+(?::[a-z0-9._-]+)*(?::\\*)?$",
      "maxLength": 64
    }
  },
  "allowedModels": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[A-Za-z0-9._:/-]+\\*?$|^\\*$",
      "minLength": 1,
      "maxLength": 128
    }
  },
  "ipAllowlist": {
    "required": false,
    "minItems": 1,
    "maxItems": 100,
    "items": {
      "pattern": "^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$",
      "minLength": 2,
      "maxLength": 49
    }
  },
  "rateLimits": {
    "required": false,
    "maxProperties": 8
  },
  "quotas": {
    "required": false,
    "maxProperties": 8
  },
  "policyIds": {
    "required": false,
    "maxItems": 8,
    "items": {
      "pattern": "^[0-9a-hjkmnp-tv-z]{16}$"
    }
  },
  "metadata": {
    "required": false,
    "maxProperties": 64
  },
  "tags": {
    "required": false,
    "maxProperties": 64
  },
  "notBefore": {
    "required": false
  },
  "expiresAt": {
    "required": false
  },
  "expiresInDays": {
    "required": false,
    "minimum": 1,
    "maximum": 36500
  },
  "rotation": {
    "required": false
  },
  "managedBy": {
    "required": false,
    "enum": [
      "terraform",
      null
    ]
  },
  "deletionProtection": {
    "required": false
  },
  "project": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "environment": {
    "required": false,
    "enum": [
      "live",
      "test"
    ]
  },
  "enabled": {
    "required": false
  },
  "id": {
    "required": false,
    "pattern": "^[0-9a-hjkmnp-tv-z]{16}$"
  },
  "secretSha256": {
    "required": false,
    "pattern": "^[0-9a-f]{64}$"
  }
} as const

export const CreatePolicy = {
  "name": {
    "required": true,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "project": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "description": {
    "required": false,
    "pattern": "^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$",
    "maxLength": 1000
  },
  "permissions": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[a-z0-9._-]+(?::[a-z0-9._-]+)*(?::\\*)?$",
      "maxLength": 64
    }
  },
  "allowedModels": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[A-Za-z0-9._:/-]+\\*?$|^\\*$",
      "minLength": 1,
      "maxLength": 128
    }
  },
  "ipAllowlist": {
    "required": false,
    "minItems": 1,
    "maxItems": 100,
    "items": {
      "pattern": "^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$",
      "minLength": 2,
      "maxLength": 49
    }
  },
  "rateLimits": {
    "required": false,
    "maxProperties": 8
  },
  "quotas": {
    "required": false,
    "maxProperties": 8
  },
  "maxLifetimeSeconds": {
    "required": false,
    "minimum": 60,
    "maximum": 3153600000
  }
} as const

export const CreateProject = {
  "name": {
    "required": true,
    "pattern": "^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$",
    "minLength": 1,
    "maxLength": 63
  },
  "description": {
    "required": false,
    "pattern": "^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$",
    "maxLength": 1000
  },
  "brand": {
    "required": false,
    "pattern": "^[a-z][a-z0-9]{1,11}$"
  },
  "deletionProtection": {
    "required": false
  },
  "defaultRateLimits": {
    "required": false,
    "maxProperties": 8
  },
  "defaultQuotas": {
    "required": false,
    "maxProperties": 8
  },
  "maxLifetimeSeconds": {
    "required": false,
    "minimum": 60,
    "maximum": 3153600000
  },
  "models": {
    "required": false,
    "maxItems": 200,
    "items": {
      "pattern": "^[A-Za-z0-9._:/-]+\\*?$|^\\*$",
      "minLength": 1,
      "maxLength": 128
    }
  },
  "specialPermissions": {
    "required": false,
    "maxItems": 50,
    "items": {}
  },
  "allowedDelivery": {
    "required": false,
    "minItems": 1,
    "items": {
      "enum": [
        "sealed",
        "handoff",
        "state",
        "none",
        "own"
      ]
    }
  },
  "reservationExpiry": {
    "required": false,
    "enum": [
      "released",
      "charged"
    ]
  }
} as const

export const CreateToken = {
  "name": {
    "required": true,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "permissions": {
    "required": true,
    "maxItems": 100,
    "items": {
      "pattern": "^(?:\\*|[a-z0-9._-]+(?::[a-z0-9._-]+)*(?::\\*)?)$",
      "maxLength": 64
    }
  },
  "project": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "expiresAt": {
    "required": false
  },
  "expiresInDays": {
    "required": false,
    "minimum": 1,
    "maximum": 36500
  }
} as const

export const ImportKey = {
  "name": {
    "required": true,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "owner": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 200
  },
  "description": {
    "required": false,
    "pattern": "^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$",
    "maxLength": 1000
  },
  "permissions": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[a-z0-9._-]+(?::[a-z0-9._-]+)*(?::\\*)?$",
      "maxLength": 64
    }
  },
  "allowedModels": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[A-Za-z0-9._:/-]+\\*?$|^\\*$",
      "minLength": 1,
      "maxLength": 128
    }
  },
  "ipAllowlist": {
    "required": false,
    "minItems": 1,
    "maxItems": 100,
    "items": {
      "pattern": "^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$",
      "minLength": 2,
      "maxLength": 49
    }
  },
  "rateLimits": {
    "required": false,
    "maxProperties": 8
  },
  "quotas": {
    "required": false,
    "maxProperties": 8
  },
  "policyIds": {
    "required": false,
    "maxItems": 8,
    "items": {
      "pattern": "^[0-9a-hjkmnp-tv-z]{16}$"
    }
  },
  "metadata": {
    "required": false,
    "maxProperties": 64
  },
  "tags": {
    "required": false,
    "maxProperties": 64
  },
  "notBefore": {
    "required": false
  },
  "expiresAt": {
    "required": false
  },
  "expiresInDays": {
    "required": false,
    "minimum": 1,
    "maximum": 36500
  },
  "rotation": {
    "required": false
  },
  "managedBy": {
    "required": false,
    "enum": [
      "terraform",
      null
    ]
  },
  "deletionProtection": {
    "required": false
  },
  "environment": {
    "required": false,
    "enum": [
      "live",
      "test"
    ]
  },
  "enabled": {
    "required": false
  },
  "secretSha256": {
    "required": true,
    "pattern": "^[0-9a-f]{64}$"
  },
  "start": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 12
  }
} as const

export const Quota = {
  "limit": {
    "required": true,
    "minimum": 0,
    "maximum": 9007199254740991
  },
  "period": {
    "required": true,
    "enum": [
      "none",
      "day",
      "week",
      "month"
    ]
  },
  "onExceed": {
    "required": false,
    "enum": [
      "block"
    ]
  }
} as const

export const RateLimit = {
  "limit": {
    "required": true,
    "minimum": 1,
    "maximum": 10000000
  },
  "windowSeconds": {
    "required": true,
    "minimum": 1,
    "maximum": 2678400
  }
} as const

export const RevokeKey = {
  "reason": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 200
  },
  "afterSeconds": {
    "required": false,
    "minimum": 0,
    "maximum": 2592000
  },
  "overrideProtection": {
    "required": false
  }
} as const

export const RotateKey = {
  "overlapSeconds": {
    "required": false,
    "minimum": 0,
    "maximum": 7776000
  },
  "replaces": {
    "required": false,
    "minimum": 1,
    "maximum": 9007199254740991
  },
  "id": {
    "required": false,
    "pattern": "^[0-9a-hjkmnp-tv-z]{16}$"
  },
  "secretSha256": {
    "required": false,
    "pattern": "^[0-9a-f]{64}$"
  }
} as const

export const Rotation = {
  "everySeconds": {
    "required": true,
    "minimum": 3600,
    "maximum": 315360000
  },
  "overlapSeconds": {
    "required": true,
    "minimum": 0,
    "maximum": 7776000
  }
} as const

export const SetOverlap = {
  "overlapSeconds": {
    "required": true,
    "minimum": 0,
    "maximum": 7776000
  }
} as const

export const SetQuotaUsed = {
  "name": {
    "required": true,
    "pattern": "^[a-z][a-z0-9_]{0,31}$"
  },
  "used": {
    "required": true,
    "minimum": 0,
    "maximum": 9007199254740991
  },
  "policyId": {
    "required": false,
    "pattern": "^[0-9a-hjkmnp-tv-z]{16}$"
  }
} as const

export const SettleReservation = {
  "cost": {
    "required": true,
    "maxProperties": 8
  }
} as const

export const SpecialPermission = {
  "name": {
    "required": true,
    "pattern": "^[a-z0-9._-]+(?::[a-z0-9._-]+)*(?::\\*)?$",
    "maxLength": 64
  },
  "label": {
    "required": true,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  }
} as const

export const UpdateKey = {
  "name": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "owner": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 200
  },
  "description": {
    "required": false,
    "pattern": "^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$",
    "maxLength": 1000
  },
  "permissions": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[a-z0-9._-]+(?::[a-z0-9._-]+)*(?::\\*)?$",
      "maxLength": 64
    }
  },
  "allowedModels": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[A-Za-z0-9._:/-]+\\*?$|^\\*$",
      "minLength": 1,
      "maxLength": 128
    }
  },
  "ipAllowlist": {
    "required": false,
    "minItems": 1,
    "maxItems": 100,
    "items": {
      "pattern": "^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$",
      "minLength": 2,
      "maxLength": 49
    }
  },
  "rateLimits": {
    "required": false,
    "maxProperties": 8
  },
  "quotas": {
    "required": false,
    "maxProperties": 8
  },
  "policyIds": {
    "required": false,
    "maxItems": 8,
    "items": {
      "pattern": "^[0-9a-hjkmnp-tv-z]{16}$"
    }
  },
  "metadata": {
    "required": false,
    "maxProperties": 64
  },
  "tags": {
    "required": false,
    "maxProperties": 64
  },
  "notBefore": {
    "required": false
  },
  "expiresAt": {
    "required": false
  },
  "expiresInDays": {
    "required": false,
    "minimum": 1,
    "maximum": 36500
  },
  "rotation": {
    "required": false
  },
  "managedBy": {
    "required": false,
    "enum": [
      "terraform",
      null
    ]
  },
  "deletionProtection": {
    "required": false
  }
} as const

export const UpdatePolicy = {
  "name": {
    "required": false,
    "pattern": "^[^\\p{Cc}\\p{Cs}]*$",
    "minLength": 1,
    "maxLength": 100
  },
  "description": {
    "required": false,
    "pattern": "^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$",
    "maxLength": 1000
  },
  "permissions": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[a-z0-9._-]+(?::[a-z0-9._-]+)*(?::\\*)?$",
      "maxLength": 64
    }
  },
  "allowedModels": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[A-Za-z0-9._:/-]+\\*?$|^\\*$",
      "minLength": 1,
      "maxLength": 128
    }
  },
  "ipAllowlist": {
    "required": false,
    "minItems": 1,
    "maxItems": 100,
    "items": {
      "pattern": "^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$",
      "minLength": 2,
      "maxLength": 49
    }
  },
  "rateLimits": {
    "required": false,
    "maxProperties": 8
  },
  "quotas": {
    "required": false,
    "maxProperties": 8
  },
  "maxLifetimeSeconds": {
    "required": false,
    "minimum": 60,
    "maximum": 3153600000
  }
} as const

export const UpdateProject = {
  "name": {
    "required": false,
    "pattern": "^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$",
    "minLength": 1,
    "maxLength": 63
  },
  "description": {
    "required": false,
    "pattern": "^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$",
    "maxLength": 1000
  },
  "brand": {
    "required": false,
    "pattern": "^[a-z][a-z0-9]{1,11}$"
  },
  "enabled": {
    "required": false
  },
  "deletionProtection": {
    "required": false
  },
  "defaultRateLimits": {
    "required": false,
    "maxProperties": 8
  },
  "defaultQuotas": {
    "required": false,
    "maxProperties": 8
  },
  "maxLifetimeSeconds": {
    "required": false,
    "minimum": 60,
    "maximum": 3153600000
  },
  "models": {
    "required": false,
    "maxItems": 200,
    "items": {
      "pattern": "^[A-Za-z0-9._:/-]+\\*?$|^\\*$",
      "minLength": 1,
      "maxLength": 128
    }
  },
  "specialPermissions": {
    "required": false,
    "maxItems": 50,
    "items": {}
  },
  "allowedDelivery": {
    "required": false,
    "minItems": 1,
    "items": {
      "enum": [
        "sealed",
        "handoff",
        "state",
        "none",
        "own"
      ]
    }
  },
  "reservationExpiry": {
    "required": false,
    "enum": [
      "released",
      "charged"
    ]
  }
} as const

export const VerifyRequest = {
  "secret": {
    "required": true
  },
  "permissions": {
    "required": false,
    "maxItems": 100,
    "items": {
      "pattern": "^[a-z0-9._-]+(?::[a-z0-9._-]+)*$",
      "maxLength": 64
    }
  },
  "model": {
    "required": false,
    "pattern": "^[A-Za-z0-9._:/-]+$",
    "minLength": 1,
    "maxLength": 128
  },
  "ip": {
    "required": false,
    "pattern": "^[0-9A-Fa-f.:]+$",
    "minLength": 2,
    "maxLength": 45
  },
  "cost": {
    "required": false
  },
  "reserve": {
    "required": false,
    "maxProperties": 8
  },
  "reserveSeconds": {
    "required": false,
    "minimum": 1,
    "maximum": 3600
  }
} as const
