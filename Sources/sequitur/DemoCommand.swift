import ArgumentParser

/// `sequitur demo`.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Watch commands become events and rejections, all in one process.")

  func run() async throws { throw CommandFailure("The demo cannot be run yet.") }
}
