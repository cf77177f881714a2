/// What the states of an application may look like: the forms of all deciders of which some state may be left.
///
/// A state is only written anew when a command changes its object, so states of many deciders stand side by side. The forms
/// stand in each checkpoint, so that a worker with other rules knows what it has to read, whatever became of the checkpoints
/// before. The text has, for each form, a line `version <schema version>` and the form's own lines, each behind a space.
public struct StateForms: Sendable, Hashable {
  /// What states look like that one decider wrote: ``Decider/stateForm``.
  public struct Form: Sendable, Hashable {
    /// The ``Decider/schemaVersion`` under which they were written.
    public let version: Int
    /// In the decider's own notation.
    public let text: String

    /// What states of one version look like.
    public init(version: Int, text: String) {
      self.version = version
      self.text = text
    }

    fileprivate var lines: String {
      "version \(version)\n"
        + text.split(separator: "\n").map { " \($0)\n" }.joined()
    }
  }

  /// How many forms are kept; the oldest are forgotten beyond it.
  public static let countMax = 16
  /// How many bytes the text may have; the oldest forms are forgotten beyond it.
  public static let bytesMax = 8192

  /// The oldest first.
  public private(set) var forms: [Form] = []

  /// None is known.
  public init() {}

  /// Reads the text of a header; nil when it is none.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.bytesMax else { return nil }
    var found: [(version: Int, lines: [Substring])] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix(" ") {
        guard !found.isEmpty else { return nil }
        found[found.count - 1].lines.append(line.dropFirst())
      } else {
        guard line.hasPrefix("version "), let version = Int(line.dropFirst(8)), 1...65_535 ~= version else {
          return nil
        }
        found.append((version, []))
      }
    }
    guard found.count <= Self.countMax else { return nil }
    forms = found.map { Form(version: $0.version, text: $0.lines.joined(separator: "\n")) }
  }

  /// All of them, as they stand in a checkpoint.
  public var text: String { forms.map(\.lines).joined() }

  /// Whether none is known.
  public var isEmpty: Bool { forms.isEmpty }

  /// Adds a form as the newest one. One that is too long for a checkpoint is left out: what it is like is not known then.
  public mutating func add(_ form: Form) {
    let form = Form(
      version: form.version, text: form.text.split(separator: "\n").joined(separator: "\n"))
    forms.removeAll { $0 == form }
    guard form.lines.utf8.count <= Self.bytesMax else { return }
    forms.append(form)
    while forms.count > Self.countMax || text.utf8.count > Self.bytesMax { forms.removeFirst() }
  }

  /// Adds all of another's, as the newest ones.
  public mutating func add(_ other: StateForms) {
    for form in other.forms { add(form) }
  }
}
