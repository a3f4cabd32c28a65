using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Tests.Fuzz;

/// <summary>A subject in a path is what the client meant: percent-encoding is taken off once, or refused.</summary>
internal sealed partial class RawPathProperties
{
    private static readonly Gen<string> Texts =
        Gen.Frequency(
            (4, Gen.Elements("a", "b", ".", "-", "orders")),
            (2, Gen.Elements("%", "%2F", "/", "?", "#", "+", " ", "\0", "é", "漢", "😀", "\\", ";", ":", "\"", "\uFFFD")))
        .ArrayOf()
        .Select(string.Concat);

    private static readonly Gen<string> Encoded =
        Gen.Frequency((3, Gen.Elements("a", ".", "2", "F", "+", "%61", "é", "\u00C3\u00A9", "%2F", "%2f", "%25")),
            (2, Gen.Elements("%", "%C3", "%A9", "%ED%A0%80", "%FF", "%00", "% 1", "%+1", "%-1", "%zz")))
        .ArrayOf()
        .Resize(8)
        .Select(string.Concat);

    [FuzzRun.Property]
    public Property LastSegment_AnyTextEncodedInAnyWay_IsTheText() =>
        Prop.ForAll(Shrunk.Text(Texts), Gen.Choose(0, int.MaxValue).ToArbitrary(), Gen.Elements("", "?", "?a=/b", "?x=%zz")
            .ToArbitrary(), (text, seed, query) =>
        {
            var random = new System.Random(seed);
            Assert.That(Read($"/v1/data/subject/{Encode(text, random)}{query}"), Is.EqualTo(text));
        });

    [FuzzRun.Property]
    public Property LastSegment_AnyPath_IsDecodedOrRefused() =>
        Prop.ForAll(Shrunk.Text(Encoded), path => Assert.That(Read("/" + path), Is.EqualTo(Decode(path))));

    /// <summary>Each byte of UTF-8 as itself where it may stand so, or with a percent sign.</summary>
    private static string Encode(string text, System.Random random) => string.Concat(Encoding.UTF8.GetBytes(text).Select(value =>
        value is > 32 and < 127 && !"%/?".Contains((char)value, StringComparison.Ordinal) && random.Next(4) > 0
            ? ((char)value).ToString()
            : random.Next(2) == 0 ? $"%{value:X2}" : $"%{value:x2}"));

    private static string? Decode(string segment)
    {
        if (!Whole().IsMatch(segment))
        {
            return null;
        }

        try
        {
            var bytes = Encoding.Latin1.GetBytes(Whole().Match(segment).Groups["part"].Captures.Aggregate(
                string.Empty,
                static (text, part) => text
                    + (part.Value[0] == '%' ? (char)Convert.FromHexString(part.ValueSpan[1..])[0] : part.Value[0])));
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string? Read(string target)
    {
        var http = new DefaultHttpContext();
        http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        try
        {
            return RawPath.LastSegment(http);
        }
        catch (HttpmqException exception)
        {
            Assert.That(exception.Error.Kind, Is.EqualTo(ErrorKind.InvalidInput));
            Assert.That(exception.Error.Detail(), Does.StartWith("subject: "));
            return null;
        }
    }

    [GeneratedRegex("^(?<part>[^%\u0080-\uFFFF]|%[0-9A-Fa-f]{2})*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Whole();
}
