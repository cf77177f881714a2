import ArgumentParser

/// `sequitur state`.
struct StateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "state", abstract: "Look into a local store.")

  func run() async throws { throw CommandFailure("The store cannot be read yet.") }
}
