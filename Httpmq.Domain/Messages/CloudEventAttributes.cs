using System.Globalization;
using System.Text.RegularExpressions;
using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Messages;

/// <summary>
/// The attributes of a CloudEvent as headers of the message that carries it, as the protocol binding for NATS has them.
/// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md.
/// </summary>
public static partial class CloudEventAttributes
{
    /// <summary>What the names of their headers begin with.</summary>
    public const string Prefix = "ce-";

    public const string SpecVersion = "specversion";
    public const string DataContentType = "datacontenttype";

    public const string Id = "id";
    public const string Time = "time";

    /// <summary>The member of an event in JSON that has its data, and so no attribute.</summary>
    public const string Data = "data";

    /// <summary>The version of CloudEvents, the value of <see cref="SpecVersion"/>.</summary>
    public const string Version = "1.0";

    private static readonly string[] Required = [SpecVersion, Id, "source", "type"];

    /// <summary>Whether it may be the name of an attribute: lower-case letters of ASCII and digits, and not <see cref="Data"/>.</summary>
    public static bool IsName(string name) => name.Length > 0 && name is not Data
        && name.All(static letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter));

    /// <summary>Whether the specification says that the attribute of this name is a text, or is written as one.</summary>
    public static bool IsText(string name) =>
        Required.Contains(name, StringComparer.Ordinal) || name is "subject" or Time or DataContentType or "dataschema";

    /// <summary>What is wrong with the header of an attribute; null: nothing that can be told of it alone.</summary>
    /// <param name="header">Its name, in lower case, with <see cref="Prefix"/>.</param>
    public static InvalidValue? ValidateName(string header) => IsName(header[Prefix.Length..])
        ? null
        : new InvalidValue(
            header, Value: null, $"{header}: no name of an attribute: lower-case letters and digits, and not '{Data}'");

    /// <summary>
    /// Checks the event whose attributes are among the headers, and identifies the message by the event's id where nothing else does.
    /// </summary>
    /// <returns>What is wrong with it; null: nothing.</returns>
    public static InvalidValue? Complete(PublishHeaders headers)
    {
        foreach (var name in Required)
        {
            if (string.IsNullOrWhiteSpace(headers.Find(Prefix + name)))
            {
                return new InvalidValue(Prefix + name, Value: null, $"{name} is required: a CloudEvent has {string.Join(", ", Required)}");
            }
        }

        if (headers.Find(Prefix + Time) is { } time && !IsTime(Uri.UnescapeDataString(time)))
        {
            return new InvalidValue(Prefix + Time, time, $"{Time}: '{time}' is not a time of RFC 3339, such as 2026-11-24T16:00:00Z");
        }

        return headers.Find(Prefix + SpecVersion) is not Version and var other
            ? new InvalidValue(Prefix + SpecVersion, other, $"{SpecVersion}: '{other}' is not {Version}")
            : headers.Find(PublishHeaderRules.MessageId) is null
                ? headers.Add(PublishHeaderRules.MessageId, headers.Find(Prefix + Id)!, Prefix + Id)
                : null;
    }

    private static bool IsTime(string text) => TimeShape.IsMatch(text)
        && DateTime.TryParseExact($"{text[..10]} {text[11..16]}", "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, default, out _);

    // A second may be a leap second, and have as many digits as it likes.
    [GeneratedRegex(
        @"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TimeShape { get; }
}
