/// What bodies look like.
enum OpenAPISchemas {
  static let all: JSONDocument = [
    "Valid": [
      "type": "object", "required": ["outcome", "events", "version"],
      "properties": [
        "outcome": ["const": "valid"], "events": ["type": "array", "items": event], "version": version,
      ],
    ],
    "Pending": [
      "type": "object", "required": ["outcome", "token"],
      "properties": ["outcome": ["const": "pending"], "token": OpenAPIParts.token],
    ],
    "Problem": problem(nil), "DeciderError": problem("decider-error"), "Page": page, "Result": result,
  ]

  private static let version: JSONDocument = ["type": "integer", "minimum": 0]

  private static let event: JSONDocument = [
    "type": "object", "required": ["type", "version"],
    "properties": ["type": OpenAPIParts.text(), "version": version],
  ]

  private static func problem(_ code: String?) -> JSONDocument {
    [
      "type": "object", "required": ["title", "status", "code", "detail"],
      "properties": [
        "title": OpenAPIParts.text(), "status": ["type": "integer"],
        "code": code.map { ["const": .string($0)] } ?? OpenAPIParts.text(minLength: 1),
        "detail": OpenAPIParts.text(minLength: 1), "reason": OpenAPIParts.text(), "version": version,
        "source": ["enum": ["decider", "edge"]],
      ],
    ]
  }

  private static let page: JSONDocument = [
    "type": "object", "required": ["objects", "positions"],
    "properties": [
      "objects": [
        "type": "array",
        "items": [
          "type": "object", "required": ["version"],
          "properties": [
            "key": OpenAPIParts.text(), "keyHex": OpenAPIParts.text(), "state": [:],
            "base64": OpenAPIParts.text(),
            "version": version, "position": OpenAPIParts.token,
          ],
        ],
      ],
      "positions": ["type": "object", "additionalProperties": OpenAPIParts.token],
      "next": OpenAPIParts.text(),
    ],
  ]

  /// A line of the answer to many commands.
  private static let result: JSONDocument = [
    "type": "object", "required": ["line", "status"],
    "properties": [
      "line": ["type": "integer", "minimum": 1], "id": OpenAPIParts.text(), "status": ["type": "integer"],
      "token": OpenAPIParts.token, "outcome": ["enum": ["valid", "invalid", "pending"]], "version": version,
      "events": ["type": "array", "items": event], "replayed": ["type": "boolean"],
      "code": OpenAPIParts.text(),
      "detail": OpenAPIParts.text(), "retryAfter": ["type": "integer"],
    ],
  ]
}
