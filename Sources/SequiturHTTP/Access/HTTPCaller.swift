/// Who sends a request, and what they may do.
public struct HTTPCaller: Sendable {
  /// The name that somebody vouches for; nil: nobody was asked.
  public let subject: String?
  /// When the proof of it ends, in seconds since 1970; nil: it has no end.
  public let expires: Double?
  private let rights: @Sendable (HTTPAccess) -> Bool

  /// A caller who is known.
  ///
  /// - Parameter rights: whether they may; called on any thread, and must not wait.
  public init(
    subject: String, expires: Double? = nil, rights: @escaping @Sendable (HTTPAccess) -> Bool
  ) {
    self.subject = subject
    self.expires = expires
    self.rights = rights
  }

  private init() {
    subject = nil
    expires = nil
    rights = { _ in true }
  }

  /// Whoever comes to a server that asks nobody who they are: may do anything.
  public static let anyone = HTTPCaller()

  /// Whether they may do this.
  public func may(_ access: HTTPAccess) -> Bool {
    switch access {
    case .open, .known: true
    default: rights(access)
    }
  }
}
