/// What an event is about, for clients that want some events only.
public struct EventLabels: Sendable, Hashable {
  /// The key of the object.
  public var key: [UInt8]
  /// The kind of event.
  public var type: String

  /// Labels of these values.
  public init(key: [UInt8], type: String) {
    self.key = key
    self.type = type
  }
}

/// Which events a client wants.
public struct EventFilter: Sendable, Hashable {
  /// Events of one of these types; empty: of any.
  public var types: Set<String>
  /// Events of objects whose key begins with these bytes.
  public var keyPrefix: [UInt8]

  /// A filter that lets everything through unless it is told otherwise.
  public init(types: Set<String> = [], keyPrefix: [UInt8] = []) {
    self.types = types
    self.keyPrefix = keyPrefix
  }

  /// Whether everything passes.
  public var isOpen: Bool { types.isEmpty && keyPrefix.isEmpty }

  /// Whether an event passes; one without labels does not, unless everything does.
  public func passes(_ labels: EventLabels?) -> Bool {
    if isOpen { return true }
    guard let labels else { return false }
    return (types.isEmpty || types.contains(labels.type)) && labels.key.starts(with: keyPrefix)
  }
}
