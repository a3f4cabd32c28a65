using System.Security.Cryptography;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// Subjects to receive on. They are below <c>_INBOX.</c>, which accounts with restricted permissions usually allow, and hold
/// 128 random bits: whoever can name a deliver subject can read its messages. They never start with the connection's own
/// inbox prefix, for which the client library registers no interest of its own at the server.
/// </summary>
internal static class Inbox
{
    /// <summary>What all of them begin with.</summary>
    public const string Prefix = "_INBOX.";

    /// <summary>
    /// A short prefix for replies, one per process: every request carries a reply subject, and who guesses one can only
    /// answer in the server's place on the same account, which the server's own permissions decide.
    /// </summary>
    public static string NewReplyPrefix() =>
        Prefix + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 11) + ".";

    /// <summary>Something that is there only once, as the id of a batch.</summary>
    public static string NewId() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>
    /// Three tokens: a stream that takes any subject of two (<c>*.*</c>) is allowed and would store what is delivered here, but one
    /// that takes any of three would take JetStream's own API as well, and is refused.
    /// </summary>
    public static string NewSubject() => $"{Prefix}{RandomNumberGenerator.GetHexString(32, lowercase: true)}.d";
}
