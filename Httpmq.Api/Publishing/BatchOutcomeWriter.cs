using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Publishing;

/// <summary>Writes the outcome of a record as one line of JSON, with a writer that is reused for all of them.</summary>
internal sealed class BatchOutcomeWriter(PipeWriter output) : IDisposable
{
    /// <summary>How many bytes may wait for a flush while further outcomes are ready.</summary>
    public const int BytesPerFlush = 32 * 1024;

    private readonly Utf8JsonWriter _json = new(
        output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    public long Bytes { get; private set; }

    public long Unflushed { get; private set; }

    public void Flushed() => Unflushed = 0;

    public void Dispose() => _json.Dispose();

    /// <param name="line">The record's place in the batch.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="warnings">What was said in it and had no effect; null where there is nothing.</param>
    public void Write(long line, in PublishOutcome outcome, IReadOnlyList<string>? warnings)
    {
        _json.Reset(output);
        _json.WriteStartObject();
        _json.WriteBoolean("success"u8, outcome.Error is null);
        _json.WriteNumber("line"u8, line);
        if (outcome.Error is { } error)
        {
            _json.WriteStartObject("error"u8);
            _json.WriteNumber("code"u8, ErrorResponses.StatusOf(error.Kind));
            WriteTexts(error);
            _json.WriteString("type"u8, error.Type.Slug);
            if (error["last_sequence"] is ulong last)
            {
                _json.WriteNumber("last_sequence"u8, last);
            }

            _json.WriteEndObject();
        }
        else
        {
            _json.WriteString("stream"u8, outcome.Stream);
            _json.WriteNumber("sequence"u8, outcome.Sequence);
            if (outcome.Duplicate)
            {
                _json.WriteBoolean("duplicate"u8, true);
            }

            if (outcome.Value is { } value)
            {
                _json.WriteString("value"u8, value);
            }
        }

        if (warnings is not null)
        {
            _json.WriteStartArray("warnings"u8);
            foreach (var warning in warnings)
            {
                _json.WriteStringValue(warning);
            }

            _json.WriteEndArray();
        }

        _json.WriteEndObject();
        _json.Flush();
        output.GetSpan(1)[0] = (byte)'\n';
        output.Advance(1);
        var length = _json.BytesCommitted + 1;
        Bytes += length;
        Unflushed += length;
    }

    /// <summary>Without texts of their own: a batch may have many refusals.</summary>
    private void WriteTexts(Error error)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[512]);
        ErrorTexts.AppendMessage(error, ref text);
        _json.WriteString("message"u8, text.Text);
        text.Clear();
        ErrorTexts.AppendDetail(error, ref text);
        _json.WriteString("detail"u8, text.Text);
        text.Clear();
    }
}
