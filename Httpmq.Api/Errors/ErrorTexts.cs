using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.CompilerServices;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Errors;

/// <summary>The words of every error: the one place where an error becomes a text for people.</summary>
internal static class ErrorTexts
{
    // Beyond, a list or a value would fill a screen.
    private const int MostNamed = 10;
    private const int Longest = 100;

    private static readonly FrozenDictionary<ErrorType, ErrorText> Texts =
        new[] { HttpTexts.All, NatsTexts.All, ResourceTexts.All, MessageTexts.All, SubscriptionTexts.All, PullTexts.All }
            .SelectMany(static texts => texts)
            .ToFrozenDictionary(static text => text.Key, static text => text.Value);

    /// <summary>Every type that has words, and them.</summary>
    public static IReadOnlyDictionary<ErrorType, ErrorText> All => Texts;

    /// <summary>What failed, in one short sentence.</summary>
    public static string Message(this Error error)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[256]);
        AppendMessage(error, ref text);
        return text.ToStringAndClear();
    }

    /// <summary>Why, with the field and value or JetStream's own text and err_code, and what to do.</summary>
    public static string Detail(this Error error)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[512]);
        AppendDetail(error, ref text);
        return text.ToStringAndClear();
    }

    /// <inheritdoc cref="Message(Error)"/>
    public static void AppendMessage(Error error, ref DefaultInterpolatedStringHandler text) =>
        Fill(error.Operation is { } operation ? OperationTexts.Of(operation.Kind) : Texts[error.Type].Message, error, ref text);

    /// <inheritdoc cref="Detail(Error)"/>
    public static void AppendDetail(Error error, ref DefaultInterpolatedStringHandler text)
    {
        Fill(Texts[error.Type].Detail(error), error, ref text);
        if (error.Has("problem"))
        {
            Fill("; {problem}", error, ref text);
        }

        if (error.Has("changed"))
        {
            Fill("; the rest of the configuration was changed", error, ref text);
        }

        if (error.Has("index"))
        {
            Fill("; this is the record with index {index}", error, ref text);
        }

        if (error.Has("warnings"))
        {
            Fill("; {warnings}", error, ref text);
        }
    }

    /// <summary>Puts the members where their names are; braces around anything else stay.</summary>
    private static void Fill(ReadOnlySpan<char> template, Error error, ref DefaultInterpolatedStringHandler text)
    {
        while (template.IndexOf('{') is >= 0 and var start)
        {
            text.AppendFormatted(template[..start]);
            template = template[(start + 1)..];
            if (!char.IsAsciiLetterLower(template[0]))
            {
                text.AppendLiteral("{");
                continue;
            }

            var end = template.IndexOf('}');
            var hasFormat = template[end - 2] is ':';
            Put(template[..(hasFormat ? end - 2 : end)], hasFormat ? template[end - 1] : default, error, ref text);
            template = template[(end + 1)..];
        }

        text.AppendFormatted(template);
    }

    private static void Put(ReadOnlySpan<char> name, char format, Error error, ref DefaultInterpolatedStringHandler text)
    {
        switch (name)
        {
            case "refusal":
                Fill("{description} (err_code {err_code})", error, ref text);
                return;
            case "outcome":
                text.AppendLiteral(OperationTexts.OutcomeOf(error));
                return;
        }

        switch (error[name])
        {
            case Error cause:
                AppendDetail(cause, ref text);
                break;
            case IReadOnlyList<string> values when format is 'q':
                PutList(values, ref text);
                break;
            case IReadOnlyList<object> values:
                PutSentences(values, ref text);
                break;
            case string value when format != default:
                PutCut(value, format, ref text);
                break;
            case null when format is 'q':
                text.AppendLiteral("null");
                break;
            case var value:
                text.AppendFormatted(value);
                break;
        }
    }

    private static void PutList(IReadOnlyList<string> values, ref DefaultInterpolatedStringHandler text)
    {
        for (var i = 0; i < Math.Min(values.Count, MostNamed); i++)
        {
            text.AppendLiteral(i == 0 ? string.Empty : ", ");
            PutCut(values[i], 'q', ref text);
        }

        if (values.Count > MostNamed)
        {
            text.AppendLiteral(" and ");
            text.AppendFormatted(values.Count - MostNamed);
            text.AppendLiteral(" more");
        }
    }

    private static void PutSentences(IReadOnlyList<object> values, ref DefaultInterpolatedStringHandler text)
    {
        for (var i = 0; i < values.Count; i++)
        {
            text.AppendLiteral(i == 0 ? string.Empty : "; ");
            text.AppendFormatted(values[i]);
        }
    }

    private static void PutCut(string value, char format, ref DefaultInterpolatedStringHandler text)
    {
        var isCut = value.Length > Longest;
        text.AppendLiteral(format is 'q' ? "'" : string.Empty);
        text.AppendFormatted(isCut ? value.AsSpan(0, Longest) : value);
        text.AppendLiteral(isCut ? "…" : string.Empty);
        text.AppendLiteral(format is 'q' ? "'" : string.Empty);
        if (isCut && format is 'q')
        {
            text.AppendLiteral(" (");
            text.AppendFormatted(value.Length);
            text.AppendLiteral(" characters)");
        }
    }
}
