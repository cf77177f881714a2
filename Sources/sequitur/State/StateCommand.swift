import ArgumentParser
import ReadableText
import SequiturInspection
import SequiturSettings
import TerminalView

/// `sequitur state`.
struct StateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "state", abstract: "Look into a local store.",
    discussion: """
      Works on the state directory of a worker that is stopped: a running one holds the store's lock. Nothing \
      is changed.
      """,
    subcommands: [StateGet.self, StateStats.self, StateDump.self, StateDiff.self])
}

/// Which store to look into.
struct StateOptions: ParsableArguments {
  @Option(.stateDirectory) var stateDirectory: String?

  @Option(help: .config) var config: String?

  /// Opens the store that flags, environment and file name.
  func open() throws -> StoreInspection {
    let path = try Settings(file: config).text(stateDirectory, .stateDirectory) ?? "sequitur-state"
    return try Self.open(path)
  }

  /// - Throws: a ``CommandFailure``; a damaged store is a fault that was found.
  static func open(_ path: String) throws -> StoreInspection {
    try reportingFaults { try StoreInspection(stateDirectory: path) }
  }

  /// Runs `body`, and turns a store's faults into what the program ends with.
  static func reportingFaults<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let fault as StoreInspectionFault {
      let text = ShownText.line("\(fault)", atMost: nil)
      if case .unreadable = fault { throw CommandFailure(text, status: .foundFault) }
      throw CommandFailure(text)
    }
  }
}
