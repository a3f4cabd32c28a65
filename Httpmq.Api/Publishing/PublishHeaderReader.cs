using System.Globalization;
using System.Text;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Publishing;

/// <summary>
/// Takes the headers of a message out of those of its request: <c>Httpmq-Header-…</c>, NATS's own, and what HTTP has words for: an
/// idempotency key, conditions, the trace. All others are the request's and not the message's.
/// </summary>
internal static class PublishHeaderReader
{
    public const string Prefix = "Httpmq-Header-";
    public const string IdempotencyKey = "Idempotency-Key";
    public const string IfMatch = "If-Match";
    public const string IfNoneMatch = "If-None-Match";
    private const string SpecVersion = CloudEventAttributes.Prefix + CloudEventAttributes.SpecVersion;
    private const string DataContentType = CloudEventAttributes.Prefix + CloudEventAttributes.DataContentType;
    private const string ContentType = "Content-Type";
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";

    /// <summary>
    /// Null where the message has none. Where <c>ce-specversion</c> is there, the attributes of the CloudEvent are among them. Throws
    /// <see cref="ErrorKind.InvalidInput"/> with all that is wrong.
    /// </summary>
    /// <param name="headers">Those of the request.</param>
    /// <param name="mode">Whether the body has the event's attributes.</param>
    public static PublishHeaders? Read(IHeaderDictionary headers, CloudEventMode mode = CloudEventMode.None)
    {
        var isEvent = mode is CloudEventMode.None && headers.ContainsKey(SpecVersion);
        PublishHeaders? found = null;
        List<InvalidValue>? invalidValues = null;
        foreach (var (name, values) in HeaderFields.Of(headers))
        {
            var kind = KindOf(name, isEvent);
            if (kind is Kind.Other || (kind is Kind.Attribute && Is(name, DataContentType) && headers.ContainsKey(ContentType)))
            {
                continue;
            }

            found ??= new PublishHeaders();
            foreach (var value in values)
            {
                if (Add(found, kind, name, value ?? string.Empty) is { } invalid)
                {
                    (invalidValues ??= []).Add(invalid);
                }
            }
        }

        if (found is not null && headers.ContainsKey(IfMatch) && headers.ContainsKey(IfNoneMatch))
        {
            (invalidValues ??= []).Add(new InvalidValue(IfNoneMatch, Value: null, $"{IfNoneMatch}: not together with {IfMatch}"));
        }

        if (isEvent && invalidValues is null && CloudEventAttributes.Complete(found!) is { } incomplete)
        {
            (invalidValues ??= []).Add(incomplete);
        }

        return invalidValues is null ? found : throw new HttpmqException(RequestErrors.Invalid(invalidValues));
    }

    /// <summary>
    /// Refuses the headers of a message in the request of a batch, where each record has its own. The trace is the request's. Throws
    /// <see cref="ErrorKind.InvalidInput"/> with all of them.
    /// </summary>
    public static void RefuseOfBatch(IHeaderDictionary headers)
    {
        List<InvalidValue>? invalidValues = null;
        foreach (var (name, values) in HeaderFields.Of(headers))
        {
            var member = KindOf(name, headers.ContainsKey(SpecVersion)) switch
            {
                Kind.Own or Kind.Nats => "headers",
                Kind.IdempotencyKey => "id",
                Kind.IfMatch or Kind.IfNoneMatch => "expected_last_subject_sequence",
                Kind.Attribute => "headers",
                _ => null,
            };
            if (member is not null)
            {
                (invalidValues ??= []).Add(new InvalidValue(
                    name, values.ToString(), $"{UnknownNames.Printable(name)}: it is about one message; a record of a batch has {member}"));
            }
        }

        if (invalidValues is not null)
        {
            throw new HttpmqException(RequestErrors.Invalid(invalidValues));
        }
    }

    /// <summary>
    /// A name that HTTP/2 has sent in lower case as it is written: the first letter and each one after a hyphen is a capital.
    /// </summary>
    public static string Canonical(ReadOnlySpan<char> name) => string.Create(name.Length, name, static (text, from) =>
    {
        var isFirst = true;
        for (var index = 0; index < from.Length; index++)
        {
            text[index] = isFirst ? char.ToUpperInvariant(from[index]) : char.ToLowerInvariant(from[index]);
            isFirst = from[index] == '-';
        }
    });

    private static Kind KindOf(string name, bool isEvent) => (name.Length > 0 ? name[0] | 0x20 : 0) switch
    {
        'h' when name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) => Kind.Own,
        'n' when name.StartsWith(PublishHeaderRules.Prefix, StringComparison.OrdinalIgnoreCase) => Kind.Nats,
        'c' when isEvent && name.StartsWith(CloudEventAttributes.Prefix, StringComparison.OrdinalIgnoreCase) => Kind.Attribute,
        'c' when isEvent && Is(name, ContentType) => Kind.DataType,
        't' when Is(name, TraceParent) || Is(name, TraceState) => Kind.Trace,
        'i' when Is(name, IdempotencyKey) => Kind.IdempotencyKey,
        'i' when Is(name, IfMatch) => Kind.IfMatch,
        'i' when Is(name, IfNoneMatch) => Kind.IfNoneMatch,
        _ => Kind.Other,
    };

    private static bool Is(string name, string known) => string.Equals(name, known, StringComparison.OrdinalIgnoreCase);

    private static InvalidValue? Add(PublishHeaders headers, Kind kind, string name, string value) => kind switch
    {
        Kind.Own => AddOwn(headers, name, value),
        Kind.Nats => headers.Add(name, value),
        Kind.DataType => headers.Add(DataContentType, value),
        Kind.Attribute => CloudEventAttributes.ValidateName(name.ToLowerInvariant()) ?? headers.Add(name.ToLowerInvariant(), value),
        Kind.Trace => headers.Add(name.ToLowerInvariant(), value),
        Kind.IdempotencyKey => AddKey(headers, value),
        Kind.IfMatch => AddMatch(headers, value.Trim()),
        _ => value.Trim() is "*"
            ? headers.Add(PublishHeaderRules.ExpectedLastSubjectSequence, "0", IfNoneMatch)
            : new InvalidValue(
                IfNoneMatch, value,
                $"{IfNoneMatch}: '{UnknownNames.Printable(value)}' is not *, and only that is taken: the subject has no message yet"),
    };

    private static InvalidValue? AddOwn(PublishHeaders headers, string name, string value)
    {
        var own = Canonical(name.AsSpan(Prefix.Length));
        return own.StartsWith(PublishHeaderRules.Prefix, StringComparison.Ordinal)
            ? new InvalidValue(name, value, $"{name}: send NATS's own headers without {Prefix}")
            : own.Length == 0
                ? new InvalidValue(name, value, $"{name}: the name of the message's header is missing")
                : headers.Add(own, value);
    }

    /// <summary>A text in quotes, as the draft of the IETF has it, or without, as most send it.</summary>
    private static InvalidValue? AddKey(PublishHeaders headers, string value)
    {
        var text = value.Trim();
        if (text is not ['"', ..])
        {
            return headers.Add(PublishHeaderRules.MessageId, text, IdempotencyKey);
        }

        return Unquote(text) is { } key
            ? headers.Add(PublishHeaderRules.MessageId, key, IdempotencyKey)
            : new InvalidValue(IdempotencyKey, value, $"{IdempotencyKey}: a text in quotes does not end with them, or goes on after them");
    }

    /// <summary>A string of structured fields (RFC 9651): in quotes, with \" and \\ in it. Null where it is none.</summary>
    private static string? Unquote(string text)
    {
        var key = new StringBuilder(text.Length);
        for (var index = 1; index < text.Length; index++)
        {
            switch (text[index])
            {
                case '"':
                    return index == text.Length - 1 ? key.ToString() : null;
                case '\\' when index + 1 < text.Length && text[index + 1] is '"' or '\\':
                    key.Append(text[++index]);
                    break;
                case '\\':
                    return null;
                case var character:
                    key.Append(character);
                    break;
            }
        }

        return null;
    }

    /// <summary>An entity tag with the sequence of the subject's last message.</summary>
    private static InvalidValue? AddMatch(PublishHeaders headers, string value)
    {
        var tag = value is ['"', .., '"'] ? value[1..^1] : value;
        return ulong.TryParse(tag, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? headers.Add(PublishHeaderRules.ExpectedLastSubjectSequence, tag, IfMatch)
            : new InvalidValue(
                IfMatch,
                value,
                $"{IfMatch}: '{UnknownNames.Printable(value)}' is not one tag: the sequence of the subject's last message, such as \"17\"");
    }

    private enum Kind
    {
        Other,
        Own,
        Nats,
        Trace,
        Attribute,
        DataType,
        IdempotencyKey,
        IfMatch,
        IfNoneMatch,
    }
}
