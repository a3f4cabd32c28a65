using System.Text;
using System.Text.Json;
using Httpmq.Api.Json;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Settling;

/// <summary>What stands in an entry of a settlement beside its delivery.</summary>
internal struct SettleWords
{
    // A character of six bytes each, at most.
    private const int LongestReason = 6 * Settlement.LongestReason;
    private const int LongestDelay = 100;

    private string? _invalidDelay;
    private string? _invalidReason;

    public GivenDuration? Delay { get; private set; }

    public string? Reason { get; private set; }

    /// <summary>Why one of them cannot be read; null: nothing is wrong.</summary>
    public readonly string? Invalid => _invalidDelay ?? _invalidReason;

    /// <summary>Reads the value that the reader stands at; throws nothing.</summary>
    public void ReadDelay(ref Utf8JsonReader reader)
    {
        (Delay, _invalidDelay) = (null, null);
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                break;
            case JsonTokenType.Number when reader.TryGetInt64(out var nanoseconds):
                Delay = new GivenDuration(nanoseconds);
                break;
            case JsonTokenType.String when reader.ValueSpan.Length <= LongestDelay:
                var text = reader.GetString()!;
                if (DurationText.TryParse(text, out var parsed, out var reason))
                {
                    Delay = new GivenDuration(parsed, HasUnit: true);
                }
                else
                {
                    _invalidDelay = $"delay: \"{text}\" {reason}; {DurationConverter.Expected}";
                }

                break;
            default:
                reader.Skip();
                _invalidDelay = $"delay: {DurationConverter.Expected}";
                break;
        }
    }

    /// <inheritdoc cref="ReadDelay"/>
    public void ReadReason(ref Utf8JsonReader reader)
    {
        (Reason, _invalidReason) = (null, null);
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                break;
            case JsonTokenType.String when reader.ValueSpan.Length <= LongestReason:
                Reason = reader.GetString();
                break;
            default:
                reader.Skip();
                _invalidReason = $"reason: it is a text of at most {Settlement.LongestReason} bytes";
                break;
        }
    }
}
