import Foundation
import ReadableText
import SequiturFollower
import TerminalView

/// What an earlier run of `sequitur bootstrap` printed, read back from its lines.
///
/// A last line without its end was cut off when the run was killed: it counts as not printed, and whoever reads the file drops
/// it likewise.
struct BootstrapProgress {
  /// One printed event.
  private struct Last {
    let offset: Int64
    let command: Int64
  }

  /// As the line behind the states says it.
  var continuation = Bootstrap.Continuation(covered: [:], offsets: [:])
  private var application: String?
  private var commandsTopic: Substring?
  private var last: [Int32: Last] = [:]

  init() {}

  /// By partition: where a reader stands that has printed events of it.
  var positions: [Int32: FollowPosition] {
    last.mapValues { FollowPosition(offset: $0.offset + 1, command: $0.command + 1) }
  }

  /// - Throws: a ``CommandFailure`` that names the line at fault.
  init(readingFrom path: String) throws {
    let input = try InputBytes(path: path)
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { chunk.deallocate() }
    var rest = Data()
    var number = 0
    while true {
      let count = try input.read(into: chunk, whileWaiting: {})
      guard count > 0 else { break }
      rest.append(contentsOf: chunk[..<count])
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: 10) {
        number += 1
        try take(rest[start..<end], "\(ShownText.line(path)):\(number)")
        start = end + 1
      }
      rest = Data(rest[start...])
    }
    guard application != nil else {
      throw CommandFailure(
        "Expected a line {\"caughtUp\":…} in \(ShownText.line(path)), but it ends before: the states are not all there. "
          + "Begin again without --from, into an empty file.")
    }
    if !rest.isEmpty, Self.isStandardOutput(path) {
      throw CommandFailure(
        "Expected \(ShownText.line(path)) to end with a whole line, since it is also where this run prints, but line "
          + "\(number + 1) was cut off. Remove that line: sed -i '$d' FILE.")
    }
  }

  /// - Throws: a ``CommandFailure`` when another application's run printed it.
  func check(application: String, commandsTopic: String, in path: String) throws {
    let path = ShownText.line(path)
    if let found = self.application, found != application {
      throw CommandFailure(
        "Expected \(path) to be of the application \(application), but it is of \(ShownText.line(found)). Name that one: "
          + "--application-id.")
    }
    if let found = self.commandsTopic, found != commandsTopic {
      throw CommandFailure(
        "Expected \(path) to be of commands on \(commandsTopic), but its events are of \(ShownText.line(String(found))). "
          + "Name that topic: --commands-topic.")
    }
  }

  /// What counts of a line. Members that are not known are left alone.
  private struct Line: Decodable {
    struct Event: Decodable {
      let id: String
      let offset: Int64
    }

    let caughtUp: [String: Int64]?
    let events: [String: Int64]?
    let application: String?
    let event: Event?
  }

  private mutating func take(_ text: Data, _ place: String) throws {
    // States are most lines of a file, and nothing in them counts.
    if application == nil, text.starts(with: Data("{\"state\":".utf8)) { return }
    guard let line = try? JSONDecoder().decode(Line.self, from: text) else { throw Self.noLine(place) }
    if let covered = line.caughtUp, let offsets = line.events, let application = line.application,
      self.application == nil
    {
      continuation = Bootstrap.Continuation(
        covered: try Self.numbers(covered, place), offsets: try Self.numbers(offsets, place))
      self.application = application
    } else if let event = line.event, application != nil {
      let parts = event.id.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 4, let partition = Int32(parts[1]), let command = Int64(parts[2]),
        continuation.offsets[partition] != nil, event.offset > last[partition]?.offset ?? -1
      else { throw Self.noLine(place) }
      commandsTopic = parts[0]
      last[partition] = Last(offset: event.offset, command: command)
    } else {
      throw Self.noLine(place)
    }
  }

  private static func noLine(_ place: String) -> CommandFailure {
    CommandFailure(
      "Expected lines as sequitur bootstrap prints them, one run behind the other, but \(place) is not one. --from takes the "
        + "whole of what was printed, and nothing else.")
  }

  private static func numbers(_ texts: [String: Int64], _ place: String) throws -> [Int32: Int64] {
    var numbers: [Int32: Int64] = [:]
    for (text, number) in texts {
      guard let partition = Int32(text), partition >= 0, number >= 0 else { throw noLine(place) }
      numbers[partition] = number
    }
    return numbers
  }

  private static func isStandardOutput(_ path: String) -> Bool {
    var (file, output) = (stat(), stat())
    guard stat(path, &file) == 0, fstat(STDOUT_FILENO, &output) == 0 else { return false }
    return file.st_dev == output.st_dev && file.st_ino == output.st_ino
  }
}
