using System.Buffers;
using System.Text;

namespace Httpmq.Domain.Naming;

/// <summary>
/// The grammar of NATS subjects: tokens split by <c>.</c>, none empty, no white space or control characters;
/// <c>*</c> only as a whole token, <c>&gt;</c> only as the whole last token.
/// Source: https://docs.nats.io/nats-concepts/subjects.
/// </summary>
internal static class SubjectGrammar
{
    /// <summary>
    /// The longest subject, in bytes of UTF-8. A nats-server ends the whole connection when a protocol line grows beyond
    /// its max_control_line (4096), and the line also holds two names and a reply subject.
    /// </summary>
    public const int MaxBytes = 2048;

    // What most subjects are made of: one vectorised scan says that only the dots need a look.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>What is wrong with <paramref name="text"/>, or null.</summary>
    public static string? Validate(string? text, bool wildcardsAllowed)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "is empty";
        }

        if (text.Length > MaxBytes || Encoding.UTF8.GetByteCount(text) > MaxBytes)
        {
            return $"is longer than {MaxBytes} bytes";
        }

        if (text[0] is '.' || text[^1] is '.' || text.Contains("..", StringComparison.Ordinal))
        {
            return "has an empty token (tokens are split by '.')";
        }

        return text.AsSpan().ContainsAnyExcept(Plain) ? ValidateTokens(text, wildcardsAllowed) : null;
    }

    /// <summary>Cuts the first token off <paramref name="rest"/>.</summary>
    public static ReadOnlySpan<char> TakeToken(ref ReadOnlySpan<char> rest, out bool hasMore)
    {
        var dot = rest.IndexOf('.');
        hasMore = dot >= 0;
        var token = hasMore ? rest[..dot] : rest;
        rest = hasMore ? rest[(dot + 1)..] : [];
        return token;
    }

    private static string? ValidateTokens(string text, bool wildcardsAllowed)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune))
            {
                return $"has white space or a control character (U+{rune.Value:X4})";
            }

            // EnumerateRunes puts U+FFFD where a surrogate stands alone, and decoders on the way put it where bytes were no text.
            if (rune == Rune.ReplacementChar)
            {
                return "is not valid Unicode text, or has U+FFFD, which stands where text was damaged";
            }
        }

        ReadOnlySpan<char> rest = text;
        var hasMore = true;
        while (hasMore)
        {
            var token = TakeToken(ref rest, out hasMore);
            if (token.IndexOfAny('*', '>') < 0)
            {
                continue;
            }

            if (!wildcardsAllowed)
            {
                return "has a wildcard, and a message is published to one literal subject";
            }

            if (token is ">" && hasMore)
            {
                return "has '>' before its last token";
            }

            if (token is not "*" and not ">")
            {
                return $"has the token '{token}': '*' and '>' stand only as whole tokens";
            }
        }

        return null;
    }
}

/// <summary>
/// Subjects that steer the broker itself or carry its answers. A message published there would be taken as a command
/// (JetStream's API, acknowledgements) or slipped into somebody's subscription, so the gateway refuses it.
/// </summary>
internal static class ReservedSubjects
{
    // nats-server's own: $NRG is the traffic between copies, $GR and _GR_ that of gateways; some versions do not even answer there.
    private static readonly string[] Prefixes = ["$JS.", "$SYS.", "_INBOX.", "$NRG.", "$GR.", "_GR_."];

    // A stream that binds these would answer the gateway's own calls in JetStream's place, or store its acknowledgements.
    private static readonly string[] Vital = ["$JS.API.>", "$JS.ACK.>"];

    /// <summary>What is wrong with a subject that a stream shall take, or null.</summary>
    public static string? ValidateForStream(SubjectFilter filter)
    {
        foreach (var vital in Vital)
        {
            if (filter.Overlaps(vital))
            {
                return $"overlaps subjects of the broker itself ({vital})";
            }
        }

        return filter.Overlaps(LockSubjects.Prefix + ">")
            ? $"overlaps subjects of the gateway's own stream {LockSubjects.Stream} ({LockSubjects.Prefix}>)"
            : Validate(filter.Value);
    }

    /// <summary>The first of the reserved subjects of which the filter matches some, as <c>$JS.&gt;</c>; null: none.</summary>
    public static string? FindOverlapped(SubjectFilter filter) =>
        Prefixes.Append(LockSubjects.Prefix).Select(static prefix => prefix + ">").FirstOrDefault(filter.Overlaps);

    public static string? Validate(string subject)
    {
        foreach (var prefix in Prefixes)
        {
            if (subject.StartsWith(prefix, StringComparison.Ordinal))
            {
                return $"is reserved for the broker itself ({prefix}>)";
            }
        }

        return subject.StartsWith(LockSubjects.Prefix, StringComparison.Ordinal)
            ? $"is reserved for the gateway's own stream {LockSubjects.Stream} ({LockSubjects.Prefix}>)"
            : null;
    }
}
