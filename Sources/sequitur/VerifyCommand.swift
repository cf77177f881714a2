import ArgumentParser

/// `sequitur verify`.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "verify", abstract: "Audit the topics.")
  func run() async throws { throw CommandFailure("Not yet.") }
}
