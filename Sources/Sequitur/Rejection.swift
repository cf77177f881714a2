/// Why a command does not follow from its object's state: a code for programs and a sentence for people.
public struct Rejection: Sendable, Hashable {
  /// The header `rejection-code`.
  public let code: RejectionCode
  /// The header `rejection-reason`: one sentence.
  public let reason: String

  /// A rejection for one reason.
  @inlinable
  public init(_ code: RejectionCode, _ reason: String) {
    self.code = code
    self.reason = reason
  }
}
