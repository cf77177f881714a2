/// What is known of the decider that worked before: its states may be there still.
public struct FormerDecider: Sendable, Hashable {
  /// Nil when a version of Sequitur wrote the store that kept none.
  public let fingerprint: DeciderFingerprint?
  /// Its ``Decider/definition``; nil when it is not known, as on the changelog.
  public let definition: String?
  /// What states may look like.
  public let forms: StateForms

  /// What a store and a changelog tell of a decider; nil for what they do not tell.
  public init(fingerprint: DeciderFingerprint?, definition: String? = nil, forms: StateForms) {
    self.fingerprint = fingerprint
    self.definition = definition
    self.forms = forms
  }
}

/// What a decider says of the states that a former one left.
public enum DeciderChange: Sendable, Hashable {
  /// It reads them. The text is one line about what has changed, for the log; nil: there is nothing to say.
  case readable(String?)
  /// It cannot read them: what has changed, and what to do, a line each.
  case unreadable([String])
}
