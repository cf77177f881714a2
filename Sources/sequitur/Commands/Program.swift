import Foundation
import TerminalView

/// The process.
///
/// Not an asynchronous `main`: its runtime opens files first, and one of them would get the number of a standard stream
/// that was closed.
@main
enum Program {
  /// Runs the command that the arguments name, and ends the process with its exit code.
  static func main() {
    StandardStream.prepare()
    // The files that this program makes hold customers' data.
    umask(0o077)
    let arguments = Result {
      try ProgramArguments.decode(CommandLine.unsafeArgv, count: Int(CommandLine.argc))
    }
    Task { await ProgramExit.run(arguments) }
    dispatchMain()
  }
}
