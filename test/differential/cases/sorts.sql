--- Values of every type, at their limits: what is put in order, grouped or compared after it has travelled.

-- case: every column as it is
SELECT * FROM kinds

SELECT * FROM kinds ORDER BY id

SELECT * FROM kinds WHERE id = 7

SELECT k.* FROM kinds k JOIN digits d ON d.n = k.id

SELECT k.* FROM kinds k, (SELECT max(id) AS m FROM kinds) x WHERE k.id < x.m ORDER BY k.id

SELECT js, x, pt, vec FROM kinds ORDER BY id

-- case: in order

SELECT id, i2 FROM kinds ORDER BY i2, id

SELECT id, i8 FROM kinds ORDER BY i8, id

SELECT id, num FROM kinds ORDER BY num, id

SELECT id, f4 FROM kinds ORDER BY f4, id

SELECT id, f8 FROM kinds ORDER BY f8, id

SELECT id, cash FROM kinds ORDER BY cash, id

SELECT id, txt FROM kinds ORDER BY txt, id

SELECT id, vc FROM kinds ORDER BY vc, id

SELECT id, bp FROM kinds ORDER BY bp, id

SELECT id, nm FROM kinds ORDER BY nm, id

SELECT id, ch FROM kinds ORDER BY ch, id

SELECT id, by FROM kinds ORDER BY by, id

SELECT id, d FROM kinds ORDER BY d, id

SELECT id, t FROM kinds ORDER BY t, id

SELECT id, tz FROM kinds ORDER BY tz, id

SELECT id, ts FROM kinds ORDER BY ts, id

SELECT id, tstz FROM kinds ORDER BY tstz, id

SELECT id, iv FROM kinds ORDER BY iv, id

SELECT id, b FROM kinds ORDER BY b, id

SELECT id, u FROM kinds ORDER BY u, id

SELECT id, net FROM kinds ORDER BY net, id

SELECT id, cid FROM kinds ORDER BY cid, id

SELECT id, mac FROM kinds ORDER BY mac, id

SELECT id, bits FROM kinds ORDER BY bits, id

SELECT id, o FROM kinds ORDER BY o, id

SELECT id, jb FROM kinds ORDER BY jb, id

SELECT id, arr FROM kinds ORDER BY arr, id

SELECT id, texts FROM kinds ORDER BY texts, id

SELECT id, moods FROM kinds ORDER BY moods, id

SELECT id, rng FROM kinds ORDER BY rng, id

SELECT id, multi FROM kinds ORDER BY multi, id

SELECT id, feeling FROM kinds ORDER BY feeling, id

SELECT id, addr FROM kinds ORDER BY addr, id

SELECT id, pct FROM kinds ORDER BY pct, id

SELECT id, lsn FROM kinds ORDER BY lsn, id

SELECT id, vec FROM kinds ORDER BY vec, id

-- case: in order, downwards, a few

SELECT id, i2 FROM kinds ORDER BY i2 DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, i8 FROM kinds ORDER BY i8 DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, num FROM kinds ORDER BY num DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, f4 FROM kinds ORDER BY f4 DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, f8 FROM kinds ORDER BY f8 DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, cash FROM kinds ORDER BY cash DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, txt FROM kinds ORDER BY txt DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, vc FROM kinds ORDER BY vc DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, bp FROM kinds ORDER BY bp DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, nm FROM kinds ORDER BY nm DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, ch FROM kinds ORDER BY ch DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, by FROM kinds ORDER BY by DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, d FROM kinds ORDER BY d DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, t FROM kinds ORDER BY t DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, tz FROM kinds ORDER BY tz DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, ts FROM kinds ORDER BY ts DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, tstz FROM kinds ORDER BY tstz DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, iv FROM kinds ORDER BY iv DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, b FROM kinds ORDER BY b DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, u FROM kinds ORDER BY u DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, net FROM kinds ORDER BY net DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, cid FROM kinds ORDER BY cid DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, mac FROM kinds ORDER BY mac DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, bits FROM kinds ORDER BY bits DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, o FROM kinds ORDER BY o DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, jb FROM kinds ORDER BY jb DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, arr FROM kinds ORDER BY arr DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, texts FROM kinds ORDER BY texts DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, moods FROM kinds ORDER BY moods DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, rng FROM kinds ORDER BY rng DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, multi FROM kinds ORDER BY multi DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, feeling FROM kinds ORDER BY feeling DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, addr FROM kinds ORDER BY addr DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, pct FROM kinds ORDER BY pct DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, lsn FROM kinds ORDER BY lsn DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

SELECT id, vec FROM kinds ORDER BY vec DESC NULLS LAST, id DESC LIMIT 12 OFFSET 1

-- case: smallest and largest

SELECT min(i2), max(i2), count(i2), count(DISTINCT i2) FROM kinds

SELECT min(i8), max(i8), count(i8), count(DISTINCT i8) FROM kinds

SELECT min(num), max(num), count(num), count(DISTINCT num) FROM kinds

SELECT min(f4), max(f4), count(f4), count(DISTINCT f4) FROM kinds

SELECT min(f8), max(f8), count(f8), count(DISTINCT f8) FROM kinds

SELECT min(cash), max(cash), count(cash), count(DISTINCT cash) FROM kinds

SELECT min(txt), max(txt), count(txt), count(DISTINCT txt) FROM kinds

SELECT min(vc), max(vc), count(vc), count(DISTINCT vc) FROM kinds

SELECT min(bp), max(bp), count(bp), count(DISTINCT bp) FROM kinds

SELECT min(nm), max(nm), count(nm), count(DISTINCT nm) FROM kinds

SELECT min(ch), max(ch), count(ch), count(DISTINCT ch) FROM kinds

SELECT min(by), max(by), count(by), count(DISTINCT by) FROM kinds

SELECT min(d), max(d), count(d), count(DISTINCT d) FROM kinds

SELECT min(t), max(t), count(t), count(DISTINCT t) FROM kinds

SELECT min(tz), max(tz), count(tz), count(DISTINCT tz) FROM kinds

SELECT min(ts), max(ts), count(ts), count(DISTINCT ts) FROM kinds

SELECT min(tstz), max(tstz), count(tstz), count(DISTINCT tstz) FROM kinds

SELECT min(iv), max(iv), count(iv), count(DISTINCT iv) FROM kinds

SELECT min(net), max(net), count(net), count(DISTINCT net) FROM kinds

SELECT min(o), max(o), count(o), count(DISTINCT o) FROM kinds

SELECT min(arr), max(arr), count(arr), count(DISTINCT arr) FROM kinds

SELECT min(texts), max(texts), count(texts), count(DISTINCT texts) FROM kinds

SELECT min(moods), max(moods), count(moods), count(DISTINCT moods) FROM kinds

SELECT min(rng), max(rng), count(rng), count(DISTINCT rng) FROM kinds

SELECT min(multi), max(multi), count(multi), count(DISTINCT multi) FROM kinds

SELECT min(feeling), max(feeling), count(feeling), count(DISTINCT feeling) FROM kinds

SELECT min(addr), max(addr), count(addr), count(DISTINCT addr) FROM kinds

SELECT min(pct), max(pct), count(pct), count(DISTINCT pct) FROM kinds

SELECT min(lsn), max(lsn), count(lsn), count(DISTINCT lsn) FROM kinds

-- case: groups

SELECT i2, count(*), sum(id) FROM kinds GROUP BY i2 ORDER BY i2

SELECT i8, count(*), sum(id) FROM kinds GROUP BY i8 ORDER BY i8

SELECT f8, count(*), sum(id) FROM kinds GROUP BY f8 ORDER BY f8

SELECT cash, count(*), sum(id) FROM kinds GROUP BY cash ORDER BY cash

SELECT txt, count(*), sum(id) FROM kinds GROUP BY txt ORDER BY txt

SELECT vc, count(*), sum(id) FROM kinds GROUP BY vc ORDER BY vc

SELECT nm, count(*), sum(id) FROM kinds GROUP BY nm ORDER BY nm

SELECT ch, count(*), sum(id) FROM kinds GROUP BY ch ORDER BY ch

SELECT by, count(*), sum(id) FROM kinds GROUP BY by ORDER BY by

SELECT d, count(*), sum(id) FROM kinds GROUP BY d ORDER BY d

SELECT t, count(*), sum(id) FROM kinds GROUP BY t ORDER BY t

SELECT ts, count(*), sum(id) FROM kinds GROUP BY ts ORDER BY ts

SELECT tstz, count(*), sum(id) FROM kinds GROUP BY tstz ORDER BY tstz

SELECT b, count(*), sum(id) FROM kinds GROUP BY b ORDER BY b

SELECT u, count(*), sum(id) FROM kinds GROUP BY u ORDER BY u

SELECT net, count(*), sum(id) FROM kinds GROUP BY net ORDER BY net

SELECT cid, count(*), sum(id) FROM kinds GROUP BY cid ORDER BY cid

SELECT mac, count(*), sum(id) FROM kinds GROUP BY mac ORDER BY mac

SELECT bits, count(*), sum(id) FROM kinds GROUP BY bits ORDER BY bits

SELECT o, count(*), sum(id) FROM kinds GROUP BY o ORDER BY o

SELECT jb, count(*), sum(id) FROM kinds GROUP BY jb ORDER BY jb

SELECT arr, count(*), sum(id) FROM kinds GROUP BY arr ORDER BY arr

SELECT texts, count(*), sum(id) FROM kinds GROUP BY texts ORDER BY texts

SELECT moods, count(*), sum(id) FROM kinds GROUP BY moods ORDER BY moods

SELECT multi, count(*), sum(id) FROM kinds GROUP BY multi ORDER BY multi

SELECT feeling, count(*), sum(id) FROM kinds GROUP BY feeling ORDER BY feeling

SELECT addr, count(*), sum(id) FROM kinds GROUP BY addr ORDER BY addr

SELECT pct, count(*), sum(id) FROM kinds GROUP BY pct ORDER BY pct

SELECT lsn, count(*), sum(id) FROM kinds GROUP BY lsn ORDER BY lsn

SELECT vec, count(*), sum(id) FROM kinds GROUP BY vec ORDER BY vec

-- case: distinct

SELECT DISTINCT i2 FROM kinds ORDER BY 1

SELECT DISTINCT i8 FROM kinds ORDER BY 1

SELECT DISTINCT f8 FROM kinds ORDER BY 1

SELECT DISTINCT cash FROM kinds ORDER BY 1

SELECT DISTINCT txt FROM kinds ORDER BY 1

SELECT DISTINCT vc FROM kinds ORDER BY 1

SELECT DISTINCT nm FROM kinds ORDER BY 1

SELECT DISTINCT ch FROM kinds ORDER BY 1

SELECT DISTINCT by FROM kinds ORDER BY 1

SELECT DISTINCT d FROM kinds ORDER BY 1

SELECT DISTINCT t FROM kinds ORDER BY 1

SELECT DISTINCT ts FROM kinds ORDER BY 1

SELECT DISTINCT tstz FROM kinds ORDER BY 1

SELECT DISTINCT b FROM kinds ORDER BY 1

SELECT DISTINCT u FROM kinds ORDER BY 1

SELECT DISTINCT net FROM kinds ORDER BY 1

SELECT DISTINCT cid FROM kinds ORDER BY 1

SELECT DISTINCT mac FROM kinds ORDER BY 1

SELECT DISTINCT bits FROM kinds ORDER BY 1

SELECT DISTINCT o FROM kinds ORDER BY 1

SELECT DISTINCT jb FROM kinds ORDER BY 1

SELECT DISTINCT arr FROM kinds ORDER BY 1

SELECT DISTINCT texts FROM kinds ORDER BY 1

SELECT DISTINCT moods FROM kinds ORDER BY 1

SELECT DISTINCT rng FROM kinds ORDER BY 1

SELECT DISTINCT multi FROM kinds ORDER BY 1

SELECT DISTINCT feeling FROM kinds ORDER BY 1

SELECT DISTINCT addr FROM kinds ORDER BY 1

SELECT DISTINCT pct FROM kinds ORDER BY 1

SELECT DISTINCT lsn FROM kinds ORDER BY 1

SELECT DISTINCT vec FROM kinds ORDER BY 1

-- case: equal values that look different

SELECT count(*) FROM (SELECT DISTINCT iv FROM kinds) x

SELECT count(*) FROM (SELECT DISTINCT f4 FROM kinds) x

SELECT count(*), sum(id) FROM kinds GROUP BY iv ORDER BY 1, 2

SELECT count(*), sum(id) FROM kinds GROUP BY tz ORDER BY 1, 2

SELECT count(*), sum(id) FROM kinds GROUP BY bp ORDER BY 1, 2

SELECT count(*), sum(id) FROM kinds GROUP BY f4 ORDER BY 1, 2

SELECT a.id, b.id FROM kinds a JOIN kinds b ON a.iv = b.iv AND a.id < b.id ORDER BY 1, 2

SELECT a.id, b.id FROM kinds a JOIN kinds b ON a.bp = b.bp AND a.id < b.id ORDER BY 1, 2

SELECT a.id, b.id FROM kinds a JOIN kinds b ON a.f8 = b.num::float8 AND a.id <> b.id ORDER BY 1, 2

-- case: collations

SELECT id, txt FROM kinds ORDER BY txt COLLATE "und-x-icu", id

SELECT id, txt FROM kinds ORDER BY txt COLLATE "C", id DESC

SELECT min(txt COLLATE "und-x-icu"), max(txt COLLATE "und-x-icu") FROM kinds

SELECT txt COLLATE "und-x-icu" AS t, count(*) FROM kinds GROUP BY 1 ORDER BY 1

SELECT DISTINCT txt COLLATE "ucs_basic" FROM kinds ORDER BY 1

SELECT id FROM kinds WHERE txt COLLATE "und-x-icu" < 'b' ORDER BY id

SELECT id, lower(txt) FROM kinds ORDER BY lower(txt), id

SELECT a.txt, b.txt FROM kinds a JOIN kinds b ON a.txt = b.vc COLLATE "C" ORDER BY a.id, b.id

SELECT string_agg(txt, ',' ORDER BY txt COLLATE "und-x-icu", id) FROM kinds

SELECT id FROM kinds ORDER BY txt COLLATE nothing

SELECT max(txt COLLATE "C" || vc COLLATE "POSIX") FROM kinds

-- case: sums

SELECT sum(i2), avg(i2), sum(i8), avg(i8) FROM kinds

SELECT sum(num), avg(num) FROM kinds WHERE num < 1e6 AND num > -1e6

SELECT sum(num), avg(num), stddev(num) FROM kinds

SELECT sum(f8), avg(f8) FROM kinds WHERE f8 IN (0, -0.25, 2)

SELECT sum(f8), avg(f8), sum(f4) FROM kinds

SELECT sum(cash) FROM kinds

SELECT sum(iv), avg(iv) FROM kinds WHERE isfinite(iv)

SELECT sum(t::interval) FROM kinds

SELECT bit_and(i2), bit_or(i8), bit_xor(o::bigint), bit_or(bits::bit(4)) FROM kinds

SELECT bool_and(b), bool_or(b), every(b) FROM kinds

SELECT array_agg(arr ORDER BY id) FROM kinds WHERE cardinality(arr) = 1

SELECT array_agg(feeling ORDER BY id), array_agg(addr ORDER BY id), array_agg(pct ORDER BY id) FROM kinds

SELECT range_agg(rng), range_intersect_agg(rng) FROM kinds

SELECT xmlagg(x ORDER BY id) FROM kinds

SELECT json_agg(js ORDER BY id), jsonb_agg(jb ORDER BY id), jsonb_object_agg(id, jb) FROM kinds

SELECT json_arrayagg(id ORDER BY id), json_objectagg(id : txt) FROM kinds WHERE id < 5

SELECT string_agg(by, '\x2c' ORDER BY id) FROM kinds

SELECT any_value(id) IS NOT NULL, count(any_value) FROM (SELECT any_value(b) FROM kinds GROUP BY id) x GROUP BY ()

SELECT b, sum(i2), avg(iv), max(tstz), array_agg(id ORDER BY id DESC) FROM kinds WHERE isfinite(iv) GROUP BY b ORDER BY b

SELECT regr_count(i2, f8), covar_pop(i2, id) FROM kinds WHERE id < 4

SELECT sum(DISTINCT i2), avg(DISTINCT num), count(DISTINCT (b, feeling)) FROM kinds WHERE num < 1e6
