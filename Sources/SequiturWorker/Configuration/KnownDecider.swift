import PartitionEngine
import Sequitur

/// What a worker knows of its decider without naming its type.
@usableFromInline
struct KnownDecider: Sendable {
  /// Under which states are written.
  let schemaVersion: Int
  let fingerprint: DeciderFingerprint
  let form: StateForms.Form?
  let definition: String?
  /// What the decider says of the states that a former one left.
  let judge: @Sendable (FormerDecider) -> DeciderChange

  /// Makes a decider to ask it, and another one for each question.
  @usableFromInline
  init<D: Decider>(_ make: @escaping @Sendable () -> D) {
    let decider = make()
    let version = decider.schemaVersion
    precondition(1...ObjectRecord.schemaVersionMax ~= version, "a schemaVersion is 1 to 65,535")
    schemaVersion = version
    fingerprint = decider.fingerprint
    form = decider.stateForm.map { StateForms.Form(version: version, text: $0) }
    definition = decider.definition
    judge = { make().change(from: $0) }
  }

  /// The forms that states may have when this decider has gone on with these.
  func adding(to forms: StateForms) -> StateForms {
    var all = forms
    if let form { all.add(form) }
    return all
  }

  /// Why the states of a former decider cannot be read, in lines; nil when they can.
  ///
  /// - Parameter summary: told what has changed, when there is something to say.
  func refusal(of former: FormerDecider, _ summary: (String) -> Void = { _ in }) -> [String]? {
    if former.fingerprint == fingerprint { return nil }
    switch judge(former) {
    case .readable(let text):
      if let text { summary(text) }
      return nil
    case .unreadable(let lines):
      let before = former.fingerprint.map { "\($0)" } ?? "a decider that is not named"
      return ["Expected to read the states that \(before) left, but \(fingerprint) cannot:"] + lines
    }
  }
}
