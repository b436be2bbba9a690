INSERT INTO kinds_label (id, name) VALUES (1,'One'),(2,'Two'),(3,'Three');
INSERT INTO kinds_opt (id,b,c,x,i,g,f,d,day,t,dt,du,u,j,e,w,s,ip,ch,ci,label_id) VALUES
 (1,1,'Äb_c%','Hello',3,4,1.5,2.5,'2020-01-02','03:04:00','2020-01-02 03:04:05',86400000000,'6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60','{"a": 1}','a@b.io','http://a.io','slug','1.2.3.4','a',1,1),
 (2,0,'äb','hello',5,-4,2.5,0,'2021-02-03','13:04:00','2021-01-02 03:04:05.500000',-86400000000,NULL,NULL,'A@B.io',NULL,NULL,NULL,'c c',30,2),
 (3,NULL,'','',-1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
 (4,NULL,NULL,NULL,10,NULL,NULL,-1.25,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO kinds_req (id,b,c,x,i,g,f,d,day,t,dt,du,u,j,e,w,s,ip,ch,ci,label_id) VALUES
 (1,1,'c','x',1,2,1.5,2.5,'2020-01-02','03:04:00','2020-01-02 03:04:05',0,'6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60','{}','a@b.io','http://a.io','slug','1.2.3.4','a',1,1);
INSERT INTO kinds_def (id,b,c,x,i,g,f,d,day,t,dt,du,u,j,e,w,s,ip,ch,ci,label_id) VALUES
 (1,1,'c','x',1,2,1.5,2.5,'2020-01-02','03:04:00','2020-01-02 03:04:05',0,'6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60','{}','a@b.io','http://a.io','slug','1.2.3.4','a',1,1);
INSERT INTO kinds_item (id,name,n,url,label_id) VALUES (1,'it00 é <&>',0,'',1),(2,'it01',1,'http://a.io',2),(3,'it02',2,'',NULL),(4,'it03',3,'',NULL),(5,'it04',4,'',NULL),(6,'it05',5,'',NULL),(7,'it06',5,'',NULL),(8,'it07',5,'',NULL),(9,'it08',8,'',NULL),(10,'it09',9,'',NULL),(11,'it10',10,'',NULL),(12,'it11',11,'',NULL);
INSERT INTO kinds_code (code,name) VALUES ('a','A'),('b-1','B'),('a.b','AB'),('ä','U'),('1','one');
