import Foundation

/// Says loudly that a test could not show what it is for, on this broker or this machine.
func skipped(_ reason: String, _ test: String = #function) {
  let text = """
    ################################################################################
    WARNING: SKIPPED: \(test): \(reason)
    ################################################################################

    """
  FileHandle.standardError.write(Data(text.utf8))
}
