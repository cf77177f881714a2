import Foundation
import TestBroker

/// Runs the built `sequitur` to its end.
func sequitur(
  _ arguments: [String], environment: [String: String] = [:], input: Data? = nil,
  timeout: Duration = .seconds(60)
) async throws -> ProgramResult {
  try await RunningProgram.run(
    BuiltProgram.find("sequitur"), arguments: arguments, environment: environment,
    standardInput: input.map { .data($0) } ?? .none, timeout: timeout)
}

/// A file for one test, removed with its directory at the end.
func withFile<R>(
  _ name: String, _ content: Data, _ body: (String) async throws -> R
) async throws -> R {
  let directory = FileManager.default.temporaryDirectory.appending(
    path: TestBroker.uniqueName("sequitur-cli"))
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  let file = directory.appending(path: name)
  try content.write(to: file)
  return try await body(file.path)
}

extension ProgramResult {
  /// Standard output as a document.
  func document<D: Decodable>(_ type: D.Type) throws -> D {
    try JSONDecoder().decode(type, from: Data(standardOutput.utf8))
  }
}
