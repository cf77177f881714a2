/// An object as the events say.
struct AuditedObject {
  let key: AuditKey
  /// The last event's version; 0 before the first, and after the object was forgotten (known with rules only).
  var version: Int64 = 0
  /// The last event's version, whatever became of the object.
  var lastVersion: Int64 = 0
  /// The type of each version from 1 on, as an index: two bytes an event.
  var types: [UInt16] = []
  /// What does not fit that row, since versions began anew or have gaps.
  var others: [(version: Int64, type: UInt16)] = []
  /// Where versions began again at 1, to be judged by the changelog.
  var restart: Int64?
  /// With rules: nil when the object does not exist.
  var status: String?
  /// With rules: the kept fields, in the order of the rules that decided last.
  var fields: [AuditedField?] = []
  /// With rules: which of them decided last.
  var form = 0
  /// With rules: whether an event could not be judged, so that status and fields are not known.
  var isUnclear = false

  mutating func append(version: Int64, type: UInt16) {
    if others.isEmpty, version == Int64(types.count) + 1 {
      types.append(type)
    } else {
      others.append((version, type))
    }
    self.version = version
    lastVersion = version
  }

  /// From here on it is known that the object does not exist.
  mutating func begin() { (status, fields, isUnclear) = (nil, [], false) }
}

/// A field of an object, as an event left it.
struct AuditedField {
  let value: AuditValue
  /// Of the event.
  let offset: Int64
}

/// A tombstone that keeps command ids.
struct AuditedGrave {
  let version: Int64
  let offset: Int64
}

/// An object as the changelog says.
struct AuditedState {
  let version: Int64
  let offset: Int64
  /// Nil when the state is not JSON with a text `status`.
  let status: String?
  /// With rules: the kept fields by name, as JSON has them.
  let fields: [String: AuditValue]
  /// The `version` of the rules that wrote it.
  let schemaVersion: Int64
}
