import Foundation
import Synchronization

/// A program that runs beside the test: its output is collected, signals can be sent, nothing waits without a bound.
///
/// It is killed when the test process ends, however that ends. A test that may throw in between uses
/// ``with(_:arguments:environment:workingDirectory:standardInput:_:)``, which kills it at the end of the closure.
public final class RunningProgram: Sendable {
  /// What the program reads from its standard input.
  public enum Input: Sendable {
    /// Nothing: /dev/null.
    case none
    /// These bytes, through a pipe, then the end of file.
    case data(Data)
    /// What ``RunningProgram/write(_:)`` sends, until ``RunningProgram/closeStandardInput()``.
    case pipe
  }

  /// A program that prints more loses the rest.
  static let outputBytesMax = 64 << 20

  fileprivate struct Waiter {
    let condition: @Sendable (borrowing State) -> Bool
    let resume: @Sendable (Bool) -> Void
  }

  struct State: ~Copyable {
    var output = Data()
    var error = Data()
    var openStreams = 2
    var exit: ProgramExit?
    fileprivate var waiters: [Int: Waiter] = [:]
    fileprivate var nextWaiter = 0
  }

  private let state = Mutex(State())
  private let child: Mutex<ChildProcess?> = Mutex(nil)
  private let input: PipeWriter?
  private let name: String

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: a path (`BuiltProgram.find("sequitur")`), or a name that is looked up in `PATH`.
  ///   - environment: added to this process's environment, from which every `SEQUITUR_…` variable was taken
  ///     away, so that a developer's own settings do not change a test.
  ///   - workingDirectory: the package's root when nil.
  public static func start(
    _ executable: String,
    arguments: [String] = [],
    environment: [String: String] = [:],
    workingDirectory: URL? = nil,
    standardInput: Input = .none
  ) throws -> RunningProgram {
    let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SEQUITUR_") }
    let command = ChildProcess.Command(
      executable: executable,
      arguments: arguments,
      environment: inherited.merging(environment) { $1 },
      workingDirectory: (workingDirectory ?? PackageRoot.url).path
    )
    return try RunningProgram(command, standardInput)
  }

  /// Starts a program, passes it to `body`, and kills it afterwards if it still runs.
  public static func with<R>(
    _ executable: String,
    arguments: [String] = [],
    environment: [String: String] = [:],
    workingDirectory: URL? = nil,
    standardInput: Input = .none,
    _ body: (RunningProgram) async throws -> R
  ) async throws -> R {
    let program = try start(
      executable, arguments: arguments, environment: environment, workingDirectory: workingDirectory,
      standardInput: standardInput)
    defer { program.kill() }
    return try await body(program)
  }

  /// Runs a program to its end; kills it and throws `ProgramError.timedOut` when it takes longer than `timeout`.
  public static func run(
    _ executable: String,
    arguments: [String] = [],
    environment: [String: String] = [:],
    workingDirectory: URL? = nil,
    standardInput: Input = .none,
    timeout: Duration = .seconds(60)
  ) async throws -> ProgramResult {
    try await start(
      executable, arguments: arguments, environment: environment, workingDirectory: workingDirectory,
      standardInput: standardInput
    ).waitForExit(timeout: timeout)
  }

  private init(_ command: ChildProcess.Command, _ standardInput: Input) throws {
    name = URL(filePath: command.executable).lastPathComponent
    let output = try PipeEnds()
    let error = try PipeEnds()
    let input = try InputEnds(standardInput)
    self.input = input.writer
    let streams = ChildProcess.Streams(input: input.read, output: output.write, error: error.write)
    defer { [input.read, output.write, error.write].forEach { close($0) } }
    let started = Result {
      try ChildProcess(command, streams: streams) { [self] exit in update { $0.exit = exit } }
    }
    collect(output.read) { $0.output.append($1) }
    collect(error.read) { $0.error.append($1) }
    let process = try started.get()
    child.withLock { $0 = process }
    if case .data(let data) = standardInput { input.writer?.sendAll(data) }
  }

  /// The process id, or nil when the program has ended.
  public var processIdentifier: Int32? { child.withLock { $0?.processID } }

  /// How it ended, or nil while it runs.
  public var exit: ProgramExit? { state.withLock { $0.exit } }

  /// What it printed so far.
  public var output: ProgramOutput {
    state.withLock {
      ProgramOutput(
        standardOutput: String(decoding: $0.output, as: UTF8.self),
        standardError: String(decoding: $0.error, as: UTF8.self))
    }
  }

  /// Its process, while it runs.
  public var processID: Int32? { child.withLock { $0?.processID } }

  /// Sends a signal; does nothing after the program has ended.
  public func send(_ signal: Int32) { child.withLock { $0?.send(signal) } }

  /// SIGTERM: asks it to end.
  public func terminate() { send(SIGTERM) }

  /// SIGKILL: ends it.
  public func kill() { send(SIGKILL) }

  /// SIGSTOP: freezes it until ``resume()``.
  public func suspend() { send(SIGSTOP) }

  /// SIGCONT: lets it go on after ``suspend()``.
  public func resume() { send(SIGCONT) }

  /// Sends text to the standard input of a program started with `.pipe`; dropped when it no longer reads.
  ///
  /// Blocks while the pipe is full.
  public func write(_ text: String) {
    precondition(input != nil, "write needs standardInput: .pipe")
    input?.send(Data(text.utf8))
  }

  /// Ends the standard input of a program started with `.pipe`.
  public func closeStandardInput() { input?.finish() }

  /// Waits for the program's end; kills it and throws `ProgramError.timedOut` when that takes longer.
  @discardableResult
  public func waitForExit(timeout: Duration) async throws -> ProgramResult {
    guard await wait(timeout, { $0.exit != nil }) else {
      kill()
      throw ProgramError.timedOut("\(name) to end", output)
    }
    // What it printed last is still in the pipes. A grandchild may hold them open: then this is all there is.
    _ = await wait(.seconds(2)) { $0.openStreams == 0 }
    guard let exit else { preconditionFailure("the exit of \(name) was seen, then gone") }
    return ProgramResult(exit: exit, output: output)
  }

  /// Waits until standard output or standard error contains the text.
  ///
  /// Throws `ProgramError.ended` as soon as the program has ended without it, `timedOut` when it takes longer.
  public func waitForOutput(containing text: String, timeout: Duration) async throws {
    let found = await wait(timeout) { $0.prints(text) || ($0.exit != nil && $0.openStreams == 0) }
    try check(text, found: found)
  }

  /// The same for code that cannot suspend; blocks the thread.
  public func blockForOutput(containing text: String, timeout: Duration) throws {
    let done = DispatchSemaphore(value: 0)
    let found = Mutex(false)
    addWaiter(timeout, { $0.prints(text) || $0.exit != nil }) { value in
      found.withLock { $0 = value }
      done.signal()
    }
    done.wait()
    try check(text, found: found.withLock { $0 })
  }

  /// Blocks until the program has ended, or the time is over.
  public func blockForExit(timeout: Duration) {
    let done = DispatchSemaphore(value: 0)
    addWaiter(timeout, { $0.exit != nil }) { _ in done.signal() }
    done.wait()
  }

  private func check(_ text: String, found: Bool) throws {
    if state.withLock({ $0.prints(text) }) { return }
    let what = "\(name) to print '\(text)'"
    throw found ? ProgramError.ended(what, output) : ProgramError.timedOut(what, output)
  }

  /// Whether the condition came to hold; false when the time is over or the task is cancelled.
  private func wait(_ timeout: Duration, _ condition: @escaping @Sendable (borrowing State) -> Bool) async
    -> Bool
  {
    let waiter = Mutex<Int?>(nil)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let id = addWaiter(timeout, condition) { continuation.resume(returning: $0) }
        waiter.withLock { $0 = id }
        if Task.isCancelled { giveUp(id) }
      }
    } onCancel: {
      giveUp(waiter.withLock { $0 })
    }
  }

  private func giveUp(_ waiter: Int?) {
    guard let waiter else { return }
    state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(false)
  }

  /// Calls `resume` once: with true as soon as the condition holds, with false when the time is over.
  ///
  /// - Returns: the waiter's number, for ``giveUp(_:)``; nil when the condition holds already.
  @discardableResult
  private func addWaiter(
    _ timeout: Duration,
    _ condition: @escaping @Sendable (borrowing State) -> Bool,
    resume: @escaping @Sendable (Bool) -> Void
  ) -> Int? {
    let id: Int? = state.withLock { state in
      if condition(state) { return nil }
      defer { state.nextWaiter += 1 }
      state.waiters[state.nextWaiter] = Waiter(condition: condition, resume: resume)
      return state.nextWaiter
    }
    guard let id else {
      resume(true)
      return nil
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + timeout / .seconds(1)) { [self] in giveUp(id) }
    return id
  }

  private func update(_ change: (inout State) -> Void) {
    let satisfied = state.withLock { state in
      change(&state)
      let keys = state.waiters.filter { $0.value.condition(state) }.keys
      return keys.compactMap { state.waiters.removeValue(forKey: $0) }
    }
    for waiter in satisfied { waiter.resume(true) }
  }

  /// Reads a stream to its end on a thread of its own, so that the program never blocks on a full pipe.
  private func collect(_ descriptor: Int32, _ append: @escaping @Sendable (inout State, Data) -> Void) {
    Thread.detachNewThread { [self] in
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 {
          let chunk = Data(buffer[..<count])
          update { if $0.output.count + $0.error.count < Self.outputBytesMax { append(&$0, chunk) } }
        } else if count == 0 || errno != EINTR {
          break
        }
      }
      close(descriptor)
      update { $0.openStreams -= 1 }
    }
  }
}

extension RunningProgram.State {
  fileprivate func prints(_ text: String) -> Bool {
    let bytes = Data(text.utf8)
    return output.range(of: bytes) != nil || error.range(of: bytes) != nil
  }
}
