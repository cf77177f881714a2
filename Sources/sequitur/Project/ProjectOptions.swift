import ArgumentParser
import ReadableText
import SequiturProjections
import SequiturSettings
import TerminalView

/// The file of a projection.
struct ProjectionFileArgument: ParsableArguments {
  @Argument(help: "The projection's file (YAML).") var file: String

  /// What the file declares.
  /// - Throws: a ``CommandFailure`` with every fault of the file: it is configuration.
  func definition() throws -> ProjectionDefinition { try Self.definition(file) }

  static func definition(_ file: String) throws -> ProjectionDefinition {
    let check = try Self.check(file)
    guard let definition = check.definition else {
      throw CommandFailure(check.faults.map(\.description).joined(separator: "\n"))
    }
    return definition
  }

  /// - Throws: a ``CommandFailure`` for a file that cannot be read as a whole.
  func check() throws -> ProjectionCheck { try Self.check(file) }

  private static func check(_ file: String) throws -> ProjectionCheck {
    do throws(ProjectionFileUnreadable) {
      return try ProjectionFile.check(path: file)
    } catch {
      throw CommandFailure(ShownText.line("\(error).", atMost: nil))
    }
  }
}

/// The database, where it is not told among other settings.
struct DatabaseOptions: ParsableArguments {
  @Option(.database) var database: String?
  @Option(help: .config) var config: String?

  /// - Throws: a ``CommandFailure`` when none is named, or it is no address.
  func address() throws -> DatabaseAddress {
    try Self.address(database, try Settings(file: config))
  }

  static func address(_ database: String?, _ settings: Settings) throws -> DatabaseAddress {
    let text = try Self.text(database, settings)
    return try ProjectFailures.told { try DatabaseAddress(text) }
  }

  /// As it is given: it may hold a password.
  static func text(_ database: String?, _ settings: Settings) throws -> String {
    guard let text = try settings.text(database, .database) else {
      throw CommandFailure(
        "Expected --database to name a database, but there is none. Name it, like postgres://USER@HOST/NAME or sqlite:PATH."
      )
    }
    return text
  }
}

/// From the failures of projections to exit codes.
enum ProjectFailures {
  static func told<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      throw failure(error)
    }
  }

  static func told<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch {
      throw failure(error)
    }
  }

  private static func failure(_ error: any Error) -> any Error {
    switch error {
    case let failure as ProjectionFailure:
      CommandFailure(
        ShownText.paragraph(failure.description), status: failure.kind == .stopped ? .foundFault : .wrongUsage
      )
    case let failure as DatabaseFailure: CommandFailure(ShownText.line("\(failure).", atMost: nil))
    default: error
    }
  }
}
