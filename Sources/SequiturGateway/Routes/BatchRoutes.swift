import Foundation
import HTTPTypes
import SequiturHTTP

/// `POST /commands`: many commands in one request, and a line of JSON for each as it is decided.
///
/// Each line stands for itself: one that is refused holds no other up. Those of one key are appended in the order of their lines. At most
/// so many wait for their outcome at once; further ones are not begun before.
struct BatchRoutes: Sendable {
  /// Lines of a request.
  static let linesMax = 10_000
  /// Commands of a request that wait at once.
  private static let heldMax = 1000

  let door: CommandDoor
  let answers: AnswerCounts
  let room: PayloadRoom

  var routes: [HTTPRoute] {
    [
      HTTPRoute(
        .post, "/commands", bodyBytesMax: GatewayLimits.payloadBytesMax, access: .known, handler: take)
    ]
  }

  @Sendable private func take(_ call: HTTPCall) async throws -> HTTPAnswer {
    let held = try room.hold(for: call)
    let body = try await call.collectBody()
    let lines = body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.count <= Self.linesMax + 1 else {
      throw Problem.edge(
        "too-large", "Expected at most \(Self.linesMax) lines, but there are more.", .contentTooLarge)
    }
    let wait = CommandRequest.wait(call.head.headerFields)
    var answer = HTTPAnswer(.ok, "application/x-ndjson") { body in
      defer { held.leave() }
      try await run(lines, call.caller, wait, &body)
    }
    answer.fields[.cacheControl] = "no-store"
    return answer
  }

  /// Begins one line after the other, and writes what becomes of them as it comes.
  private func run(
    _ lines: [ArraySlice<UInt8>], _ caller: HTTPCaller, _ wait: Duration,
    _ told: inout HTTPBodyWriter
  ) async throws {
    let format = CommandLines(caller: caller, wait: wait)
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      var held = 0
      for (index, line) in lines.enumerated() where !line.isEmpty && line != [13] {
        while held >= Self.heldMax, let line = try await group.next() {
          held -= 1
          try await told.write(line)
        }
        let number = index + 1
        let command = format.read(line)
        do {
          let request = try command.request.get()
          let ticket = try door.begin(request)
          held += 1
          group.addTask { [door] in
            do throws(CommandDoor.Failure) {
              return tell(number, command.id, try await CommandAnswer.of(door.finish(ticket)))
            } catch {
              return tell(number, command.id, CommandAnswer.failed(error).answer)
            }
          }
        } catch let failure as CommandDoor.Failure {
          try await told.write(tell(number, command.id, CommandAnswer.failed(failure).answer))
        } catch let problem as Problem {
          try await told.write(tell(number, command.id, problem.answer))
        }
      }
      for try await line in group { try await told.write(line) }
    }
  }

  /// A line of the answer: which line it is about, its command's id, and what the command alone would have been answered.
  private func tell(_ number: Int, _ id: String?, _ answer: HTTPAnswer) -> [UInt8] {
    answers.add(answer.status)
    var text = "{\"line\":\(number)"
    if let id { text += ",\"id\":\(JSONText.quoted(id))" }
    if let token = answer.fields[.sequiturToken], answer.status != .accepted {
      text += ",\"token\":\"\(token)\""
    }
    if answer.fields[.sequiturReplayed] != nil { text += ",\"replayed\":true" }
    if let seconds = answer.fields[.retryAfter] { text += ",\"retryAfter\":\(seconds)" }
    // A problem says its status itself.
    if answer.status.code < 400 { text += ",\"status\":\(answer.status.code)" }
    guard case .bytes(let body) = answer.body else { return Array((text + "}\n").utf8) }
    return Array((text + ",").utf8) + body.dropFirst()
  }
}

/// Reads the lines of one request.
private final class CommandLines {
  private let format = CommandLineFormat()
  private let caller: HTTPCaller
  private let wait: Duration

  init(caller: HTTPCaller, wait: Duration) {
    self.caller = caller
    self.wait = wait
  }

  struct Line {
    /// Nil where the line could not be read.
    var id: String?
    var request: Result<CommandRequest, Problem>
  }

  func read(_ line: ArraySlice<UInt8>) -> Line {
    line.withUnsafeBytes { bytes in
      do throws(CommandLineFormat.Fault) {
        return self.line(try format.read(bytes))
      } catch {
        return Line(request: .failure(.edge("malformed", "\(error.message).")))
      }
    }
  }

  private func line(_ command: CommandLineFormat.Command) -> Line {
    let id = command.id.map { String(decoding: $0, as: UTF8.self) } ?? ""
    let name = id.isEmpty ? UUID().uuidString.lowercased() : id
    do throws(Problem) {
      return Line(id: name, request: .success(try request(command, name)))
    } catch {
      return Line(id: name, request: .failure(error))
    }
  }

  private func request(_ command: CommandLineFormat.Command, _ id: String) throws(Problem) -> CommandRequest {
    guard id.utf8.count <= GatewayLimits.fieldBytesMax else {
      throw .edge(
        "malformed",
        "Expected at most \(GatewayLimits.fieldBytesMax) bytes in id, but found \(id.utf8.count).")
    }
    guard command.headers == nil else {
      throw .edge(
        "malformed", "Expected no headers: through a gateway a command has those that it makes itself.")
    }
    let key = command.key.map { Array($0) } ?? []
    try CommandRequest.check(key)
    guard let type = command.type, !type.isEmpty else {
      throw .edge("malformed", "Expected type to be a command's type, but there is none.")
    }
    guard let payload = command.payload else {
      throw .edge(
        "malformed", "Expected payload to be there, but it is not. Say {} where a command has no fields.")
    }
    let request = CommandRequest(
      key: key, type: String(decoding: type, as: UTF8.self), payload: Array(payload), id: id,
      actor: caller.subject,
      expectedVersion: try expected(command.expectedVersion),
      carried: [CommandRequest.Header(name: "content-type", value: "application/json")], wait: wait)
    let access = HTTPAccess.write(key: key, command: request.type)
    guard caller.may(access) else { throw .forbidden(caller, access) }
    return request
  }

  private func expected(_ text: String?) throws(Problem) -> String? {
    guard let text, text != "any" else { return nil }
    guard text == "none" || text == "exists" || UInt64(text).map({ "\($0)" == text }) ?? false else {
      throw .edge(
        "malformed", "Expected expectedVersion to be any, none, exists or a version from 0, but it is not.")
    }
    return text
  }
}
