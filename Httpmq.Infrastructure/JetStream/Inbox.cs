using System.Security.Cryptography;

namespace Httpmq.Infrastructure.JetStream;

/// <summary>
/// Subjects to receive on. They are below <c>_INBOX.</c>, which accounts with restricted permissions usually allow, and hold
/// 128 random bits: whoever can name a deliver subject can read its messages. They never start with the connection's own
/// inbox prefix, for which the client library registers no interest of its own at the server.
/// </summary>
internal static class Inbox
{
    public static string NewSubject() => "_INBOX." + RandomNumberGenerator.GetHexString(32, lowercase: true);
}
