import Sequitur

/// A rejection with what the engine adds to it.
///
/// A class, so that the answer of a command that is not refused is one null pointer, and not seven words to pass on.
@usableFromInline
final class Refusal: Error {
  @usableFromInline let rejection: Rejection
  /// The object's version, 0 when it does not exist.
  let objectVersion: UInt64
  /// Of a duplicate: the version that the first command with this id made.
  let originalVersion: UInt64?

  @usableFromInline
  init(_ rejection: Rejection, objectVersion: UInt64, originalVersion: UInt64? = nil) {
    self.rejection = rejection
    self.objectVersion = objectVersion
    self.originalVersion = originalVersion
  }

  /// Before the object was looked at.
  @usableFromInline
  convenience init(_ code: RejectionCode, _ reason: String) {
    self.init(Rejection(code, reason), objectVersion: 0)
  }

  /// The same, when it turned out while the object was at this version.
  @usableFromInline
  func at(version: UInt64) -> Refusal {
    Refusal(rejection, objectVersion: version, originalVersion: originalVersion)
  }

  @usableFromInline
  static func invalidKey(byteCount: Int) -> Refusal {
    Refusal(
      .invalidKey,
      byteCount == 0
        ? "Expected an object key of 1 to \(Limits.keyBytesMax) bytes, but the record has none."
        : "Expected an object key of 1 to \(Limits.keyBytesMax) bytes, but it has \(byteCount).")
  }

  /// What the engine cannot read of a command's headers.
  @usableFromInline
  static func malformed(_ headers: CommandHeaders) -> Refusal {
    if headers.isStructured {
      let type = String(decoding: headers.contentTypeBytes.prefix(80), as: UTF8.self)
      return Refusal(
        .malformed,
        "Expected a command in CloudEvents' binary mode, with its attributes as headers, but the content-type "
          + "'\(type)' says that it is in structured mode.")
    }
    let found = headers.expectedVersion.map { String(decoding: $0.prefix(40), as: UTF8.self) } ?? ""
    return Refusal(
      .malformed,
      "Expected the header expected-version to be any, none, exists or a decimal version, "
        + "but it is '\(found)'.")
  }

  /// Of a state that the decider cannot read; that there is none is no fault.
  @usableFromInline
  static func whileReading(_ error: any Error, version: UInt64) -> any Error {
    if error is GraveFound { return error }
    return Refusal(
      Rejection(.deciderError, "Expected to decode the object's state, but the decider failed: \(error)"),
      objectVersion: version)
  }

  @usableFromInline
  static func duplicate(made: UInt64, current: UInt64) -> Refusal {
    Refusal(
      Rejection(.duplicate, "A command with this id has made version \(made) of the object."),
      objectVersion: current, originalVersion: made)
  }

  @usableFromInline
  static func versionConflict(expected: ExpectedVersion, current: UInt64) -> Refusal {
    let expectation =
      switch expected {
      case .any: "any version"
      case .none: "no object"
      case .exists: "an existing object"
      case .exactly(let version): "version \(version)"
      }
    let found = current == 0 ? "it does not exist" : "it is at version \(current)"
    return Refusal(
      Rejection(.versionConflict, "Expected \(expectation), but \(found)."), objectVersion: current)
  }

  @usableFromInline
  static func acceptedWithoutEvent(version: UInt64) -> Refusal {
    Refusal(
      Rejection(
        .deciderError, "Expected at least one event of an accepted command, but the decider made none."),
      objectVersion: version)
  }

  /// What the engine refused itself, or else what the decider threw.
  @usableFromInline
  static func whileDeciding(_ error: any Error, version: UInt64) -> Refusal {
    if let refusal = error as? Refusal { return refusal.at(version: version) }
    return Refusal(Rejection(.deciderError, "The decider failed: \(error)"), objectVersion: version)
  }

  @usableFromInline
  static func tooLarge(_ what: String, byteCount: Int, limit: Int) -> Refusal {
    Refusal(.tooLarge, "Expected at most \(limit) bytes, but \(what) would make a record of \(byteCount).")
  }

  /// The events of one command are in one transaction.
  @usableFromInline
  static func tooManyEvents(limit: Int) -> Refusal {
    Refusal(
      .tooLarge, "Expected the command's events to fit a transaction of \(limit) bytes, but they do not.")
  }
}
