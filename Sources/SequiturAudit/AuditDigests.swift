/// The digests that name what the topics say in one line each, whatever the number of partitions.
struct AuditDigests {
  /// Event types by their index.
  private(set) var types: [String] = []
  /// By their bytes: types that differ in their Unicode form only are two.
  private var indexes: [[UInt8]: UInt16] = [:]
  private var objects: [AuditedObject] = []
  private var states: [(key: AuditKey, version: Int64, status: String?)] = []

  /// The type's index.
  mutating func index(of type: String) -> UInt16 {
    let bytes = Array(type.utf8)
    if let index = indexes[bytes] { return index }
    // Types beyond 65,535 share the last index: a decider with so many is not of this world.
    let index = UInt16(clamping: types.count)
    if types.count <= Int(UInt16.max) { types.append(type) }
    indexes[bytes] = index
    return index
  }

  mutating func add(_ object: AuditedObject) {
    var object = object
    object.fields = []
    objects.append(object)
  }

  mutating func add(_ key: AuditKey, _ state: AuditedState) {
    states.append((key, state.version, state.status))
  }

  /// SHA-256 over `key TAB version TAB event-type LF`, sorted by key, version, type.
  func eventsDigest() -> String {
    var hash = LineHash()
    for object in objects.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
      let row = object.types.enumerated().map { (version: Int64($0 + 1), type: types[Int($1)]) }
      let others = object.others.map { (version: $0.version, type: types[Int($0.type)]) }
      let all = others.isEmpty ? row : (row + others).sorted { ($0.version, $0.type) < ($1.version, $1.type) }
      for event in all { hash.add(object.key, event.version, event.type) }
    }
    return hash.finish()
  }

  /// SHA-256 over `key TAB version TAB status LF`, sorted by key; nil when a state has no status.
  func statesDigest() -> String? {
    var hash = LineHash()
    for state in states.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
      guard let status = state.status else { return nil }
      hash.add(state.key, state.version, status)
    }
    return hash.finish()
  }
}

/// SHA-256 over lines.
private struct LineHash: ~Copyable {
  private static let chunkBytes = 1 << 16
  private var hash = SHA256()
  private var buffer: [UInt8] = []

  mutating func add(_ key: AuditKey, _ version: Int64, _ text: String) {
    buffer.append(contentsOf: key.bytes)
    buffer.append(0x09)
    buffer.append(contentsOf: "\(version)".utf8)
    buffer.append(0x09)
    buffer.append(contentsOf: text.utf8)
    buffer.append(0x0a)
    if buffer.count > Self.chunkBytes { empty() }
  }

  consuming func finish() -> String {
    hash.update(buffer)
    return hash.finish()
  }

  private mutating func empty() {
    hash.update(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
