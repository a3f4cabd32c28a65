using System.Buffers;
using System.Text;
using Httpmq.Api.Subscriptions.Framing;

namespace Httpmq.Tests.Api.Subscriptions.Framing;

/// <summary>A payload in a JSON object: as it was asked for, or in base64 where it does not fit.</summary>
internal sealed class PayloadTextTests
{
    [TestCase("""{"a":"\u00e9\n\\\u0041"}""")]
    [TestCase("""["\ud83d\ude00","\\ud800","x\\\uD83D\uDE00y"]""")]
    [TestCase("""{"\ud83d\ude00\ud83d\ude00":1}""")]
    public void Write_JsonOfWholeCharacters_IsItsText(string payload) => Assert.That(Written(payload), Is.EqualTo("\"json\":" + payload));

    [TestCase("\"\\ud800\"")]
    [TestCase("\"\\uDFFF\"")]
    [TestCase("""{"a":["\ud83dx\ude00"]}""")]
    [TestCase("""["\ude00\ud83d"]""")]
    [TestCase("""["\ud83d\n"]""")]
    [TestCase("""["\ud83d\u0041"]""")]
    [TestCase("""["\ud83d\ud83d\ude00"]""")]
    [TestCase("""{"\ud800":1}""")]
    [TestCase("""["\u0041","\ud83d","\ude00"]""")]
    public void Write_JsonWithHalfACharacter_IsBase64(string payload) => Assert.That(
        Written(payload), Is.EqualTo($"\"b64_msg\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(payload))}\""));

    private static string Written(string payload)
    {
        var output = new ArrayBufferWriter<byte>();
        PayloadText.Write(output, PayloadEncoding.Json, Encoding.UTF8.GetBytes(payload));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
