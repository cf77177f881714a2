import Dispatch

/// A short pause between two looks at something that gives no notice.
enum Poll {
  static func pause(milliseconds: Int = 20) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
        continuation.resume()
      }
    }
  }
}
